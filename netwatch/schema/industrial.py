"""THE TABLE, the part of plants: Modbus, DNP3: one line a field."""
from netwatch.schema.field import DURATION, INT, TEXT, _field

_PLANTS = (
    _field("modbus.units", "flow", INT, "UNITS", 8, "Unit identifiers spoken to.", "modbus.unit", many=True),
    _field("modbus.functions", "flow", TEXT, "MODBUS", 24, "Functions asked for.", many=True, search=True),
    _field("modbus.reads", "flow", TEXT, "READS", 24, "Tables and addresses read, numbered from 0.", many=True),
    _field("modbus.writes", "flow", TEXT, "WRITES", 24, "Tables and addresses written, numbered from 0.", many=True),
    _field("modbus.exceptions", "flow", TEXT, "EXCEPTIONS", 24, "Functions refused, and why.", many=True),
    _field("modbus.vendor", "flow", TEXT, "VENDOR", 18, "Vendor the device names.", search=True),
    _field("modbus.product", "flow", TEXT, "PRODUCT", 18, "Product code of the device.", search=True),
    _field("modbus.revision", "flow", TEXT, "REVISION", 10, "Revision of the device."),
    _field("modbus.latency_us", "flow", DURATION, "LATENCY", 8, "From a request to its answer.", unit="us"),
    _field("dnp3.master", "flow", INT, "MASTER", 7, "Link addresses of masters."),
    _field("dnp3.outstation", "flow", INT, "OUTST.", 7, "Link addresses of outstations, broadcasts left out."),
    _field("dnp3.functions", "flow", TEXT, "DNP3", 24, "Application functions.", many=True, search=True),
    _field("dnp3.objects", "flow", TEXT, "OBJECTS", 20, "Object groups and variations, as g30v5.", many=True),
    _field("dnp3.indications", "flow", TEXT, "INDICATIONS", 24, "Internal indications of the outstation.", many=True),
    _field("dnp3.link", "flow", TEXT, "LINK", 16, "Link functions.", many=True),
)

INDUSTRIAL = (*_PLANTS,)
