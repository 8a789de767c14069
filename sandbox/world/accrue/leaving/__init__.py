"""What each ops event of Accrue leaves in the host's tables and at Stripe: one function each."""
