"""The Adventive billing Worker: invoices as PDFs and e-mails, behind Cloudflare Access."""
