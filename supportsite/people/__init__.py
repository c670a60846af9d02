"""Colleagues at the desk: what each role may do, invitations, and their pages in the admin."""
