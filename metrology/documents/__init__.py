"""Paper: bytes in and out — PDF, QR codes, labels, spreadsheets, calendars.

Nothing here knows a database or a web request: plain values in, bytes out.
"""
