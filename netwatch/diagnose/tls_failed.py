"""TLS connections that end in a fatal alert: the two sides do not come to terms."""

from __future__ import annotations

from netwatch.diagnose import words
from netwatch.diagnose.contract import WARNING, Rule, Subject, Threshold, Told, Totals

ADVICE = {
    "handshake_failure": "No common cipher suite or group, or a client certificate is wanted: compare what both offer.",
    "protocol_version": "One side is too old: let both speak TLS 1.2 or 1.3.",
    "unknown_ca": "Who refuses does not know the issuer: install the CA's certificate there, or let the server send "
                  "its whole chain.",
    "bad_certificate": "The certificate cannot be used: see whether its name fits and its chain is whole.",
    "certificate_expired": "Renew the certificate, and look at both clocks.",
    "certificate_unknown": "Who refuses does not accept the certificate: name, issuer or date.",
    "certificate_required": "The server wants a client certificate: give the program one.",
    "unrecognized_name": "The server does not know the name that was asked for: look at its virtual hosts.",
    "no_application_protocol": "No common ALPN protocol: compare what both offer.",
}
OTHERWISE = "Try it by hand (openssl s_client -connect) and compare what both sides offer."


class TlsFailed(Rule):
    name = "tls_failed"
    metric = "alert"

    def __init__(self, threshold: Threshold) -> None:
        super().__init__(threshold)
        self.least = threshold("tls")

    def describe(self, subject: Subject, totals: Totals) -> Told:
        from netwatch._fast.proto.tls.names import ALERTS

        alert = ALERTS.get(totals.newest, f"alert {totals.newest}")
        where = words.port_of(subject)
        return Told(WARNING, "TLS fails", f"connections to {where} end in the fatal alert {alert}",
                    [f"{words.times(totals.bad, 'connection')} ended in a fatal alert, {totals.good:,} did not",
                     f"newest alert: {alert}"], ADVICE.get(alert, OTHERWISE), *words.of_port(subject))
