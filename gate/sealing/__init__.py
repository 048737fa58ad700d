"""What is sealed and when: the dossier of a passage, a weighing slip, a stretch of time asked for by hand."""
