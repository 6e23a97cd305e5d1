import { conf } from '../../src/engine/conf.ts'
import type { Rule } from '../../src/engine/rule.ts'

/** A chart of Helm whose template has these lines, with its values. */
const chart = (
  values: string,
  { env = '', more = '' }: { env?: string; more?: string },
): Record<string, string> => ({
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'chart/values.yaml': values,
  'chart/templates/web.yaml': conf`
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: {{ .Release.Name }}-web
    spec:
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web } }
        spec:
          containers:
            - name: web
              image: "{{ .Values.image }}"
              env:
                ${env}
              resources:
                {{- toYaml .Values.resources | nindent 12 }}
    ${more}
  `,
})

/** What templates of Helm make of the values of their chart. */
export const CHARTS: Pick<Rule, 'bad' | 'good'> = {
  bad: [
    {
      title: 'a number of the values of a chart',
      files: chart('smtp:\n  port: 587\n  tls: true\n', {
        env: conf`
          - name: SMTP_PORT
            value: «{{ .Values.smtp.port }}»
          - name: SMTP_TLS
            value: «{{ .Values.smtp.tls | toString }}»
        `,
      }),
    },
    {
      title: 'a number in quotes, which are gone then, and a default',
      files: chart('port: "8080"\n', {
        env: conf`
          - name: PORT
            value: «{{ .Values.port }}»
          - name: METRICS_PORT
            value: «{{ .Values.metrics.port | default 9100 }}»
        `,
      }),
    },
    {
      title: 'each of the variables of a chart',
      files: chart('env:\n  HOST: example.org\n  WORKERS: 4\n', {
        env: conf`
          {{- range $name, $value := .Values.env }}
          - name: {{ $name }}
            value: «{{ $value }}»
          {{- end }}
        `,
      }),
    },
    {
      title: 'a list of variables of a chart',
      files: chart('env:\n  - name: DEBUG\n    value: false\n', {
        env: conf`
          {{- range .Values.env }}
          - name: {{ .name }}
            value: «{{ .value }}»
          {{- end }}
        `,
      }),
    },
    {
      title: 'a ConfigMap of a chart',
      files: chart('debug: false\n', {
        more: conf`
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: {{ .Release.Name }}-web
          data:
            DEBUG: «{{ .Values.debug }}»
        `,
      }),
    },
  ],
  good: [
    {
      title: 'values of a chart with quotes around them',
      files: chart('port: 8080\ndebug: true\nhost: example.org\nempty:\n', {
        env: conf`
          - name: PORT
            value: {{ .Values.port | quote }}
          - name: DEBUG
            value: "{{ .Values.debug }}"
          - name: HOST
            value: {{ .Values.host }}
          - name: EMPTY
            value: {{ .Values.empty }}
          - name: URL
            value: http://web:{{ .Values.port }}
          - name: OTHER
            value: {{ .Values.other }}
        `,
      }),
    },
    {
      title: 'each of the variables of a chart in quotes',
      files: chart('env:\n  WORKERS: 4\n', {
        env: conf`
          {{- range $name, $value := .Values.env }}
          - name: {{ $name }}
            value: {{ $value | quote }}
          {{- end }}
        `,
      }),
    },
    {
      title: 'numbers of a chart where numbers are meant',
      files: chart('port: 8080\n', {
        more: conf`
          ---
          apiVersion: v1
          kind: Service
          metadata:
            name: {{ .Release.Name }}-web
          spec:
            ports:
              - port: {{ .Values.port }}
        `,
      }),
    },
  ],
}
