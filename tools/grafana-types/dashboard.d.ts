import type { AnnotationQuery, Dashboard } from "@grafana/schema";

// What a type looks like once it is JSON: an enum is one of its strings or numbers.
type Plain<T> = T extends string ? `${T}` : T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

// The schema leaves to each data source what it wants of an annotation; this is what Prometheus' does.
type PrometheusAnnotation = Omit<AnnotationQuery, "target"> & {
  target: { refId: string; expr: string; interval: string };
  titleFormat: string;
  textFormat: string;
  useValueForTime: boolean;
};

export type PrometheusDashboard = Plain<Omit<Dashboard, "annotations"> & { annotations: { list: PrometheusAnnotation[] } }>;
