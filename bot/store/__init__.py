"""The database: its tables, records, and one repository per kind of record."""
