"""The insights report: what teams ask, what the guidance lacks, what is recommended and who gets in touch."""
