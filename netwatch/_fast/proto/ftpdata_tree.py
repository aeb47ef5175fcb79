"""What FTP's data connection carries has no fields: a file, or a list, RFC 959 section 3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Raw

TREE = Layout("ftp-data", "FTP data", (Raw("ftp-data.data", "Data"),))
