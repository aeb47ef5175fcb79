"""What netwatch keeps and hands on in the forms of others: evidence in pcapng, HAR, curl, bodies as files, tables."""
