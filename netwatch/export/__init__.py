"""What netwatch keeps and hands on in the forms of others: evidence in pcapng, bundles, HAR, curl, files."""
