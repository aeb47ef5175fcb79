"""Flows of many captures in Spark, by the server's name: spark-submit spark_flows.py FLOWS.parquet...

FLOWS.parquet is of `netwatch read FILE --what flows --format parquet`, one for each capture. Its times are ns, which
Spark (4.3 as well) refuses unless it may read them as whole numbers; names with dots stand in backquotes.
"""

import sys

from pyspark.sql import SparkSession

spark = (SparkSession.builder.appName("netwatch flows").config("spark.sql.legacy.parquet.nanosAsLong", "true")
         .config("spark.sql.parquet.mergeSchema", "true").getOrCreate())
spark.read.parquet(*sys.argv[1:]).createOrReplaceTempView("flows")
top = spark.sql("""
    SELECT coalesce(`name.host`, dst) AS server, count(*) AS flows, sum(bytes_out + bytes_in) AS bytes,
           min(timestamp_micros(first div 1000)) AS since
    FROM flows GROUP BY 1 ORDER BY bytes DESC, server LIMIT 10""")
for row in top.collect():
    print(f"{row.bytes:>12,}  {row.flows:>7,}  {row.server}  since {row.since}")
spark.stop()
