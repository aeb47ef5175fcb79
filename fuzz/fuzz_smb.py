"""For any bytes, cut in any way, the SMB parser gives the same answer, and its texts are valid."""

from remote_access import fuzz

from netwatch._fast.proto.smb import text as smbtext

if __name__ == "__main__":
    fuzz("smb", smbtext, 445)
