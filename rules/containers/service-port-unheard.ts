import { serverPods, type ServerPod } from '../../src/deployment/kubernetes/server-pods.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { manifests, page } from './_kubernetes-examples.ts'
import { hasLabels, portOf } from './_labels.ts'
import { portsOfImages } from './_image-of-pod.ts'
import { portsOfPods } from './_pod-ports.ts'

const service = (lines: string, name = 'web'): string => conf`
  ---
  apiVersion: v1
  kind: Service
  metadata:
    name: ${name}
  spec:
    selector: { app: ${name} }
    ports:
      - port: 80
        ${lines}
`
/** Pods of an image that nobody knows, and a Service. */
const pods = (
  container: string,
  ports: string,
  { image = 'registry.example.com/web:1.4', pod = '', more = '' } = {},
): Record<string, string> => ({
  'site.conf': page(),
  'deploy/web.yaml': kubernetesDeployment({ image, container, pod }),
  'deploy/service.yaml': conf`
    apiVersion: v1
    kind: Service
    metadata:
      name: web
    spec:
      selector: { app: web }
      ports:
        - ${ports}
    ${more}
  `,
})
const declared = (port: number, probed = `${port}`, name = 'web'): string => conf`
  ports:
    - { name: ${name}, containerPort: ${port} }
  readinessProbe:
    httpGet: { path: /healthz, port: ${probed} }
`
const proxy = (target: string): string => conf`
  server {
      listen 80;
      location / {
          proxy_pass ${target};
          proxy_set_header Host $host;
      }
  }
`

/** A chart as `helm create` makes it, beside the image that it is for. */
const chart = (
  { port = '{{ .Values.service.port }}', env = '', values = '' },
  listen = '3000',
): Record<string, string> => ({
  Dockerfile: conf`
    FROM node:22-alpine
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci
    COPY server.js ./
    EXPOSE 3000
    CMD ["node", "server.js"]
  `,
  'package.json': '{ "name": "shop" }\n',
  'server.js': conf`
    const express = require('express')
    const app = express()
    app.listen(${listen})
  `,
  'chart/Chart.yaml': conf`
    apiVersion: v2
    name: shop
    version: 1.0.0
  `,
  'chart/values.yaml': conf`
    image:
      repository: registry.example.org/shop
    service:
      port: 80
    ${values}
  `,
  'chart/templates/deployment.yaml': kubernetesDeployment({
    metadata: 'name: {{ include "shop.fullname" . }}',
    name: '{{ .Chart.Name }}',
    image: '"{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"',
    container: conf`
      ${env}
      ports:
        - name: http
          containerPort: ${port}
      livenessProbe:
        httpGet:
          path: /
          port: http
    `,
  }),
})

const DOTNET = conf`
  var app = WebApplication.CreateBuilder(args).Build();
  app.MapGet("/", () => "shop");
  app.Run();
`
/** The one image of a repository, with a probe and a Service that ask for ports. */
const ofImage = (
  dockerfile: string,
  files: Record<string, string>,
  [probe, target]: readonly [string, string],
  more = '',
): Record<string, string> => ({
  Dockerfile: dockerfile,
  ...files,
  'deploy/web.yaml': conf`
    ${kubernetesDeployment({
      image: 'registry.example.com/web:1.4',
      container: conf`
        ${more}
        readinessProbe:
          httpGet: { path: /, port: ${probe} }
      `,
    })}
    ${service(`targetPort: ${target}`)}
  `,
})

export default defineRule({
  summary:
    'A Service of Kubernetes is asked for a port that it has not, or leads to one that nothing in the pod opens',
  severity: 'error',
  otherSeverities: {
    warning: 'where the pods declare and use other ports, and what their image opens besides is not known',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`port` is where a Service listens, and `targetPort` the port of the container it leads to. What connects to the Service uses `port`; a `targetPort` that nothing in the pod listens on refuses every connection: 502 of the Ingress, while the pods are ready. A probe of such a port has the pod restarted again and again. By a name that no port of the containers has, a Service gets no endpoints: 503.',
  remedy:
    'Write the port on which the container listens, or its name, as `targetPort`, and in `proxy_pass` the `port` of the Service',
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service',
    'https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/',
  ],
  unproven: 'The live tests start no pods, and no Service leads anywhere on loopback',
  bad: [
    {
      title: 'another port than that of `listen`',
      files: manifests({ nginx: page(), more: service('targetPort: «8080»') }),
    },
    {
      title: 'the port of the Service itself, which nginx does not open',
      files: manifests({
        nginx: page('8080'),
        more: service('protocol: TCP').replace('port: 80\n', 'port: «80»\n'),
      }),
    },
    {
      title: 'the port of the container, asked of its Service',
      files: manifests({ nginx: proxy('«http://api:3000»'), more: service('targetPort: 3000', 'api') }),
    },
    {
      title: 'a probe',
      files: manifests({
        nginx: page('8080'),
        container: conf`
          readinessProbe:
            httpGet: { path: /, port: «80» }
        `,
      }),
    },
    {
      title: 'another port than the one that is declared and probed',
      files: pods(declared(8080), '{ port: 80, targetPort: «80» }'),
    },
    {
      title: 'the port of the Service itself, and a command that has another one',
      files: pods(
        conf`
          command: ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
          ports:
            - containerPort: 8000
        `,
        '{ name: http, port: «80» }',
      ),
    },
    {
      title: 'nginx of an image that nobody knows, with the files of a ConfigMap',
      files: manifests({
        nginx: page('8080'),
        image: 'registry.example.com/web:1.4',
        container: conf`
          ports:
            - containerPort: 8080
        `,
        more: service('targetPort: «80»'),
      }),
    },
    {
      title: 'the image of nginx as it comes',
      files: pods('ports: [{ containerPort: 8080 }]', '{ port: 80, targetPort: «8080» }', {
        image: 'nginx:1.27',
      }),
    },
    {
      title: 'a probe of nginx without root, by the port of the other image',
      files: pods('readinessProbe: { httpGet: { path: /, port: «80» } }', '{ port: 80, targetPort: 8080 }', {
        image: 'nginxinc/nginx-unprivileged:1.27',
      }),
    },
    {
      title: 'the name of no port',
      files: pods(declared(8080), '{ port: 80, targetPort: «http» }'),
    },
    {
      title: 'the port of the Service in a chart, which the application of the image does not open',
      files: chart({ port: '«{{ .Values.service.port }}»' }),
    },
    {
      title: 'a port of the chart, where nothing sets the variable of the application',
      files: chart(
        { port: '«{{ .Values.port | default 8080 }}»', values: 'port: 8080' },
        'process.env.PORT || 3000',
      ),
    },
    {
      title: 'Kestrel of .NET 8, where the port of the old image is asked',
      files: ofImage(
        conf`
          FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
          WORKDIR /src
          COPY Shop.Api Shop.Api
          RUN dotnet publish Shop.Api -c Release -o /out
          FROM mcr.microsoft.com/dotnet/aspnet:8.0
          WORKDIR /app
          COPY --from=build /out .
          ENTRYPOINT ["dotnet", "Shop.Api.dll"]
        `,
        { 'Shop.Api/Program.cs': DOTNET },
        ['«80»', '«80»'],
      ),
    },
    {
      title: 'nginx without root, in an image of its own',
      files: ofImage(
        conf`
          FROM nginxinc/nginx-unprivileged:1.27-alpine
          COPY pages /usr/share/nginx/html
        `,
        { 'pages/index.html': '<!doctype html>\n' },
        ['«80»', '«80»'],
      ),
    },
    {
      title: 'nginx that the image gives a site of another port',
      files: ofImage(
        conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
        { 'site.conf': page('8080') },
        ['«80»', '«80»'],
      ),
    },
    {
      title: 'a probe by the name of no port',
      files: pods(declared(8080, '«http»'), '{ port: 80, targetPort: web }'),
    },
  ],
  good: [
    {
      title: 'nginx of an image that has its own site besides, and the port of that',
      files: ofImage(
        conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/shop.conf
        `,
        { 'site.conf': page('8080') },
        ['80', '8080'],
      ),
    },
    {
      title: 'Kestrel that a variable of the pod gives another port',
      files: ofImage(
        conf`
          FROM mcr.microsoft.com/dotnet/aspnet:8.0
          WORKDIR /app
          COPY out .
          ENTRYPOINT ["dotnet", "Shop.Api.dll"]
        `,
        { 'out/Shop.Api.deps.json': '{}\n', 'Program.cs': DOTNET },
        ['80', '80'],
        'env: [{ name: ASPNETCORE_URLS, value: "http://+:80" }]',
      ),
    },
    {
      title: 'the port of `listen`',
      files: manifests({ nginx: page('8080'), more: service('targetPort: 8080') }),
    },
    {
      title: 'its name',
      files: manifests({
        nginx: page('8080'),
        container: conf`
          ports:
            - { name: http, containerPort: 8080 }
        `,
        more: service('targetPort: http'),
      }),
    },
    {
      title: 'another container of the pod, which may open it',
      files: {
        'deploy/web.yaml': manifests({ nginx: page(), more: service('targetPort: 3000') })[
          'deploy/web.yaml'
        ]!.replace('      volumes:', '        - name: app\n          image: example/app\n      volumes:'),
      },
    },
    { title: 'the port that is declared', files: pods(declared(8080), '{ port: 80, targetPort: 8080 }') },
    {
      title: 'a port of the chart, the one of the application',
      files: chart({ port: '{{ .Values.port }}', values: 'port: 3000' }),
    },
    {
      title: 'a port that the chart also gives to the application',
      files: chart(
        {
          env: conf`
            env:
              - name: PORT
                value: {{ .Values.service.port | quote }}
          `,
        },
        'process.env.PORT || 3000',
      ),
    },
    {
      title: 'another file of values',
      files: {
        ...chart({}),
        'chart/values-production.yaml': conf`
          service:
            port: 3000
        `,
      },
    },
    { title: 'the name of a port', files: pods(declared(8080), '{ port: 80, targetPort: web }') },
    {
      title: 'a port that nothing but the declaration contradicts',
      files: pods('ports: [{ containerPort: 8080 }]', '{ port: 80, targetPort: 80 }'),
    },
    {
      title: 'a port for health checks alone',
      files: pods(declared(8080, '8080', 'health'), '{ port: 80, targetPort: 80 }'),
    },
    {
      title: 'a port that a variable has',
      files: pods(
        conf`
          env:
            - { name: HTTP_PORT, value: "3000" }
          ${declared(8080)}
        `,
        '{ port: 80, targetPort: 3000 }',
      ),
    },
    {
      title: 'another Service that leads to the declared one',
      files: pods(declared(8080), '{ port: 8081, targetPort: 8081 }', {
        more: service('targetPort: 8080', 'other').replace('{ app: other }', '{ app: web }'),
      }),
    },
    {
      title: 'a second container, which declares nothing',
      files: {
        ...pods(declared(8080), '{ port: 80, targetPort: 8000 }'),
        'deploy/web.yaml': kubernetesDeployment({
          container: declared(8080),
          pod: 'volumes: []',
        }).replace('      volumes: []', '        - name: proxy\n          image: example/proxy'),
      },
    },
    {
      title: 'other pods with the same labels',
      files: {
        ...pods(declared(8080), '{ port: 80, targetPort: http }'),
        'staging/web.yaml': kubernetesDeployment({ container: declared(80, '80', 'http') }),
      },
    },
    {
      title: 'patches of Kustomize',
      files: {
        ...pods(declared(8080), '{ port: 80, targetPort: http }'),
        'deploy/kustomization.yaml': conf`
          resources: [web.yaml, service.yaml]
          patches:
            - path: ports.yaml
        `,
      },
    },
    {
      title: 'a template',
      files: {
        ...pods(declared(8080), '{ port: 80, targetPort: http }'),
        'deploy/extra.yaml': conf`
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: {{ .Release.Name }}-web
        `,
      },
    },
    {
      title: 'a ConfigMap for the image of nginx, which brings the port',
      files: pods(
        conf`
          volumeMounts:
            - { name: conf, mountPath: /etc/nginx/templates }
        `,
        '{ port: 80, targetPort: 8080 }',
        { image: 'nginx:1.27', pod: 'volumes: [{ name: conf, configMap: { name: web } }]' },
      ),
    },
    {
      title: 'a Service whose pods are asked themselves',
      files: manifests({
        nginx: proxy('http://api:3000'),
        more: conf`
          ${service('targetPort: 3000', 'api')}
            clusterIP: None
        `,
      }),
    },
    {
      title: 'the port of the Service, and a Service that is not here',
      files: manifests({
        nginx: conf`
          ${proxy('http://api')}
          ${proxy('http://other:3000').replace('80', '81')}
        `,
        more: service('targetPort: 3000', 'api'),
      }),
    },
  ],
  *check(deployment) {
    yield* portsOfPods(deployment)
    yield* portsOfImages(deployment)
    const pods = serverPods(deployment)
    if (pods.length === 0) return
    for (const pod of pods) yield* unheard(deployment, pod)
    yield* portsMissing(deployment, pods)
  },
})

/** Ports of Services and probes that lead to the one container of a pod, and that its nginx does not open. */
function* unheard(deployment: Deployment, pod: ServerPod): Iterable<RuleFinding> {
  const { cluster, workload, container, program, sources, mounts } = pod
  const image = /(?:^|\/)(nginx|nginx-unprivileged)(?=[:@]|$)/.exec(container.image ?? '')
  if (workload.containers.length !== 1 || container.hasCommand || image === null) return
  // Files that another volume or the image brings may listen, too.
  const isWhole =
    mounts.some(
      ({ path }) => path === '/etc/nginx/conf.d' || /^\/etc\/nginx(?:\/nginx\.conf)?$/.test(path),
    ) &&
    container.mounts.every(mount => mounts.includes(mount) || !/^\/etc\/nginx(?:\/|$)/.test(mount.path)) &&
    // What the main file of the image includes besides opens nothing.
    (program.configuration.unread ?? []).every(({ at }) => isStandIn(at.source))
  if (!isWhole) return
  const opened = deployment.listeners.filter(
    ({ program: own, at }) => own === program && sources.has(at.source),
  )
  const ports = new Set(opened.map(({ port }) => port))
  if (ports.size === 0 || ports.has(null)) return
  const related = opened.map(({ at }) => ({ at, message: 'nginx listens here' })).slice(0, 3)
  const listens = [...ports].join(' and ')
  for (const service of cluster.services) {
    if (service.selector.size === 0 || !hasLabels(workload.labels, service.selector)) continue
    for (const { target, targetAt } of service.ports) {
      const port = portOf(container, target)
      if (port !== null && !ports.has(port))
        yield {
          at: targetAt,
          message: `the Service \`${service.name}\` leads to port ${port} of the pod, and nginx listens on ${listens}: Connection refused`,
          label: 'nothing listens there',
          related,
        }
    }
  }
  for (const { name, port: asked, at } of container.probes) {
    const port = portOf(container, asked)
    if (port !== null && !ports.has(port))
      yield {
        at,
        message: `\`${name}\` connects to port ${port}, and nginx listens on ${listens}: the probe never succeeds`,
        label: 'nothing listens there',
        related,
      }
  }
}

/** Connections to a Service at a port that it has not. */
function* portsMissing(deployment: Deployment, pods: readonly ServerPod[]): Iterable<RuleFinding> {
  const asked = new Map(pods.flatMap(pod => [...pod.sources].map(source => [source, pod] as const)))
  for (const { pass } of deployment.connections.nginx) {
    const pod = asked.get(pass.source)
    const [, host = '', port = ''] =
      /^(?:https?|grpcs?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*?)(?:\.svc(?:\.cluster\.local)?)?:(\d+)(?:\/|$)/.exec(
        pass.args[0]?.value ?? '',
      ) ?? []
    const [name, namespace] = host.split('.')
    const service = pod?.cluster.services.find(each => each.name === name)
    if (service === undefined || namespace !== undefined || service.headless || service.ports.length === 0)
      continue
    if (service.ports.some(each => each.port === Number(port))) continue
    const [first] = service.ports
    yield {
      at: argumentPlace(pass, 0),
      message: `the Service \`${host}\` has the port ${service.ports.map(each => each.port).join(' and ')}, and nginx connects to ${port}: Connection timed out`,
      label: 'not a port of the Service',
      related: [{ at: first!.at, message: 'the port of the Service' }],
      help: first!.port === 80 ? `Write \`http://${host}\`` : `Write port ${first!.port}`,
    }
  }
}
