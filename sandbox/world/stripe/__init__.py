"""A fake Stripe: today's object shapes, for exactly the calls a billing ops bot makes."""
