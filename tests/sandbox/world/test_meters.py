"""Metrics in Prometheus text, under names a client library would change."""

from prometheus_client.parser import text_string_to_metric_families

from sandbox.world.meters import Meters


def test_a_series_exists_from_its_first_event_on() -> None:
    meters = Meters()

    before = meters.text()
    meters.inc("accrue_ops_charge_failed_count")

    assert before == "\n"
    assert "\naccrue_ops_charge_failed_count 1\n" in meters.text()


def test_label_values_are_escaped() -> None:
    meters = Meters()

    meters.set("odd", 1.5, name='a "quoted"\\ back\nslash')

    sample = next(iter(text_string_to_metric_families(meters.text()))).samples[0]
    assert sample.labels == {"name": 'a "quoted"\\ back\nslash'}
    assert sample.value == 1.5


def test_a_histogram_is_cumulative() -> None:
    meters = Meters()

    for seconds in (0.002, 0.2, 400):
        meters.observe("recon_duration_seconds", seconds)

    samples = {
        (sample.name, sample.labels.get("le")): sample.value
        for family in text_string_to_metric_families(meters.text())
        for sample in family.samples
    }
    assert samples["recon_duration_seconds_bucket", "0.25"] == 2
    assert samples["recon_duration_seconds_bucket", "300"] == 2
    assert samples["recon_duration_seconds_bucket", "+Inf"] == 3
    assert samples["recon_duration_seconds_count", None] == 3
