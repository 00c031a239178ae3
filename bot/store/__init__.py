"""What is kept: tables, the database that holds them, and one module for each thing that is kept."""
