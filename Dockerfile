FROM python:3.12-slim
WORKDIR /srv
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md alerts.yml ./
COPY bot bot
COPY rules rules
COPY runbooks runbooks
RUN useradd --system --home /srv --uid 10001 countersign && mkdir var && chown countersign var
USER countersign
ENV PYTHONUNBUFFERED=1
VOLUME /srv/var
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
CMD ["python", "-m", "bot", "serve"]
