import { notTextSaid } from '../../parsers/kubernetes/check-manifest.ts'
import { chartsOf } from '../../src/deployment/kubernetes/charts.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type DeploymentParts, kubernetesDeployment } from '../_deployment-examples.ts'
import { CHARTS } from './_chart-examples.ts'
import { page } from './_kubernetes-examples.ts'

const tree = ({
  volumes = '',
  more = '',
  ...parts
}: DeploymentParts & { readonly volumes?: string; readonly more?: string }): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({ ...parts, pod: volumes })}
    ${more}
  `,
})
const ingress = (path: string): string => conf`
  ---
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: web
  spec:
    rules:
      - host: example.org
        http:
          paths:
            -
              ${path}
`

export default defineRule({
  summary: 'Kubernetes refuses a manifest, or cannot start what it says',
  severity: 'error',
  otherSeverities: { info: 'a version of the API that only old clusters have' },
  confidence: 'high',
  since: '0.1.0',
  why: '`kubectl apply` sends an object whole, and the API takes it whole or not at all: a number where a text is meant, a mount of a volume that the pod has not, a name of a port with 16 letters leave everything as it was before.',
  remedy:
    'Write what the message names; numbers and booleans that are texts stand in quotes: `value: "8000"`',
  references: [
    'https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/',
    'https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource',
    'https://kubernetes.io/docs/reference/using-api/deprecation-guide/',
  ],
  unproven: 'The live tests have no API of Kubernetes; the words are its own',
  bad: [
    ...CHARTS.bad,
    {
      title: 'a number as the value of a variable',
      files: tree({
        container: conf`
          env:
            - name: PORT
              value: «8000»
        `,
      }),
    },
    {
      title: 'a boolean in a ConfigMap, and one of YAML 1.1',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: web
          data:
            DEBUG: «false»
            HTTPS: «on»
        `,
      }),
    },
    {
      title: 'an annotation',
      files: tree({
        metadata: conf`
          name: web
          annotations:
            prometheus.io/scrape: «true»
        `,
      }),
    },
    {
      title: 'a volume that the pod has not',
      files: tree({
        container: conf`
          volumeMounts:
            - name: «config»
              mountPath: /etc/web
        `,
        volumes: conf`
          volumes:
            - name: conf
              emptyDir: {}
        `,
      }),
    },
    {
      title: 'two volumes at one path',
      files: tree({
        container: conf`
          volumeMounts:
            - { name: a, mountPath: /srv }
            - { name: b, mountPath: «/srv» }
        `,
        volumes: conf`
          volumes:
            - { name: a, emptyDir: {} }
            - { name: b, emptyDir: {} }
        `,
      }),
    },
    {
      title: 'no selector',
      files: Object.fromEntries(
        Object.entries(tree({ selector: 'replicas: 2' })).map(([path, text]) => [
          path,
          text.replace('spec:', '«spec»:'),
        ]),
      ),
    },
    { title: 'a name with an underscore', files: tree({ metadata: 'name: «web_app»' }) },
    {
      title: 'a long name of a port',
      files: tree({
        container: conf`
          ports:
            - { name: «gunicorn-web-http», containerPort: 8000 }
        `,
      }),
    },
    {
      title: 'a line as the name of a program',
      files: tree({
        container: 'command: ["«gunicorn --bind 0.0.0.0:8000 shop.wsgi»"]'
          .replace('"«', '«"')
          .replace('»"', '"»'),
      }),
    },
    {
      title: 'an Ingress of an old shape',
      files: tree({
        more: ingress(conf`
          path: /
          pathType: Prefix
          backend:
            «serviceName»: web
            servicePort: 80
        `),
      }),
    },
    {
      title: 'a path without its type',
      files: tree({
        more: ingress(conf`
          «path»: /
          backend:
            service: { name: web, port: { number: 80 } }
        `),
      }),
    },
    {
      title: 'a port of the nodes for a Service of the cluster, whose ports have no names',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: Service
          metadata:
            name: web
          spec:
            selector: { app: web }
            ports:
              - «port»: 80
                «nodePort»: 30080
              - «port»: 443
        `,
      }),
    },
    {
      title: 'thousandths of bytes, and thousands of cores',
      files: tree({
        container: conf`
          resources:
            requests: { cpu: «500», memory: 64Mi }
            limits: { memory: «512m» }
        `,
      }),
    },
    {
      title: 'units that are none',
      files: tree({
        container: conf`
          resources:
            requests: { memory: «512MB» }
            limits: { memory: «1gb» }
        `,
      }),
    },
    {
      title: 'more than the limit',
      files: tree({
        container: conf`
          resources:
            requests: { cpu: 100m, memory: «1Gi» }
            limits: { cpu: 500m, memory: 512Mi }
        `,
      }),
    },
    {
      title: 'a probe of a port by a name that it has not',
      files: tree({
        container: conf`
          ports:
            - containerPort: 8000
          readinessProbe:
            httpGet: { path: /, port: «http» }
        `,
      }),
    },
    {
      title: 'a text where Base64 is meant',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: Secret
          metadata:
            name: web
          data:
            DB_PASSWORD: «p4ssword!»
        `,
      }),
    },
    { title: 'a version that is no more', files: tree({ api: '«extensions/v1beta1»' }) },
  ],
  good: [
    ...CHARTS.good,
    {
      title: 'texts in quotes, and what is no number',
      files: tree({
        metadata: conf`
          name: web
          annotations:
            prometheus.io/scrape: "true"
        `,
        container: conf`
          env:
            - { name: PORT, value: "8000" }
            - { name: RELEASE, value: 1.2.3 }
            - { name: EMPTY, value: }
        `,
      }),
    },
    {
      title: 'quantities, a probe by a name, and Base64',
      files: tree({
        container: conf`
          resources:
            requests: { cpu: 0.25, memory: 128Mi, ephemeral-storage: 1e9 }
            limits: { cpu: 1, memory: 1G }
          ports:
            - { name: http, containerPort: 8000 }
          livenessProbe:
            httpGet: { path: /, port: http }
        `,
        more: conf`
          ---
          apiVersion: v1
          kind: Secret
          metadata:
            name: web
          data:
            DB_PASSWORD: cDRzc3dvcmQh
            API_KEY: <base64 of the key>
            TOKEN: ENC[AES256_GCM,data:abc]
        `,
      }),
    },
    {
      title: 'a name in which a script replaces a word',
      files: tree({ metadata: 'name: APP-web' }),
    },
    {
      title: 'what is told to a function of Kustomize, and is never sent',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: label_namespace
            annotations:
              config.kubernetes.io/function: |-
                container:
                  image: registry.example.org/label-namespace
          data:
            label: shop
          ---
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: set_up
            annotations:
              config.kubernetes.io/local-config: "true"
        `,
      }),
    },
    {
      title: 'what a kustomization gives its transformers',
      files: {
        ...tree({}),
        'k8s/labels.yaml': conf`
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: add_labels
          data:
            app: web
        `,
        'k8s/kustomization.yaml': conf`
          resources:
            - web.yaml
          transformers:
            - labels.yaml
        `,
      },
    },
    {
      title: 'a namespace whose name Kustomize puts in',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: Namespace
          metadata:
            name: _
        `,
      }),
    },
    {
      title: 'a port of the nodes that is none',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: Service
          metadata:
            name: web
          spec:
            type: ClusterIP
            selector: { app: web }
            ports:
              - port: 80
                nodePort: 0
        `,
      }),
    },
    {
      title: 'a chart',
      files: tree({
        container: conf`
          env:
            - name: PORT
              value: 8000
            - name: HOST
              value: {{ .Values.host }}
        `,
      }),
    },
    {
      title: 'what a patch of Kustomize may add',
      files: {
        ...tree({
          container: conf`
            volumeMounts:
              - name: config
                mountPath: /etc/web
          `,
        }),
        'k8s/kustomization.yaml': conf`
          resources:
            - web.yaml
          patches:
            - path: volumes.yaml
        `,
      },
    },
    {
      title: 'a selector of Kustomize’s labels',
      files: {
        ...tree({ selector: 'replicas: 2' }),
        'k8s/kustomization.yaml': conf`
          resources:
            - web.yaml
          commonLabels: { app: web }
        `,
      },
    },
    {
      title: 'the volume of a claim, and a shell',
      files: {
        'nginx.conf': page(),
        'k8s/db.yaml': conf`
          apiVersion: apps/v1
          kind: StatefulSet
          metadata:
            name: db
          spec:
            serviceName: db
            selector:
              matchLabels: { app: db }
            template:
              metadata:
                labels: { app: db }
              spec:
                containers:
                  - name: db
                    image: postgres:16
                    command: ["sh", "-c", "exec postgres -p 5433"]
                    volumeMounts:
                      - { name: data, mountPath: /var/lib/postgresql/data }
            volumeClaimTemplates:
              - metadata: { name: data }
                spec: { accessModes: [ReadWriteOnce] }
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { unquoted } of chartsOf(deployment))
      for (const { at, type, field, valueAt, quoted } of unquoted)
        yield {
          at,
          aspect: 'not-text',
          message: `Kubernetes refuses what the template makes of it: ${notTextSaid(type, field)}`,
          label: LABELS['not-text'],
          related: valueAt === null ? [] : [{ at: valueAt, message: 'the value' }],
          help: `Write \`${quoted}\``,
        }
    const cluster = clusterFiles(deployment)
    for (const { problems } of cluster?.files ?? [])
      for (const { kind, at, said, patchable } of problems) {
        if (patchable && cluster?.hasPatches === true) continue
        yield {
          at,
          aspect: kind,
          ...(kind === 'removed' && { severity: 'info' as const }),
          message: STARTED.has(kind)
            ? said
            : kind === 'command'
              ? `no shell cuts this into words, so the container does not start: ${said}`
              : `Kubernetes refuses it: ${said}`,
          label: LABELS[kind],
          ...(kind === 'not-text' && { help: 'Put it in quotes' }),
          ...(kind === 'base64' && { help: 'Write the text itself below `stringData`' }),
          ...(kind === 'command' && { help: 'Write each word as an item of its own' }),
        }
      }
  },
})

/** What Kubernetes takes, and what then does not run. */
const STARTED: ReadonlySet<string> = new Set(['no-memory', 'no-cores', 'probe-port'])

const LABELS = {
  quantity: 'no quantity',
  'above-limit': 'more than its limit',
  'no-memory': 'write `Mi` for mebibytes',
  'no-cores': 'write `m` for thousandths',
  'probe-port': 'no such port',
  base64: 'no Base64',
  'not-text': 'a text is meant',
  'volume-missing': 'no such volume',
  'mounted-twice': 'a second time',
  'selector-missing': 'no `selector`',
  'ingress-shape': 'of an older version',
  'path-type': 'no `pathType`',
  'node-port': 'no `type: NodePort`',
  name: 'no name of an object',
  'port-name': 'no name of a port',
  'ports-unnamed': 'one of several, without a name',
  command: 'one word',
  removed: 'no such version',
} as const
