import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { deploymentsOf } from '../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const IMAGE = conf`
  FROM python:3.12-slim
  WORKDIR /app
  COPY app.py .
  ENV LEVEL=info
  CMD ["gunicorn", "app:app"]
`
const APP = { 'app.py': 'app = None\n' }

const deployment = (container: string, pod = '', kind = 'Deployment'): string => conf`
  apiVersion: apps/v1
  kind: ${kind}
  metadata: { name: shop }
  spec:
    selector: { matchLabels: { app: shop } }
    template:
      metadata: { labels: { app: shop } }
      spec:
        ${pod}
        containers:
          - name: web
            ${container}
`
const configMap = (data: string, name = 'shop'): string => conf`
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: { name: ${name} }
  data:
    ${data}
`

/** What the pods of a repository start: each command's words, and some variables of it. */
function started(texts: Texts, names: readonly string[] = []): readonly (readonly (string | null)[])[] {
  return deploymentsOf({ Dockerfile: IMAGE, ...APP, ...texts }).flatMap(({ commands }) =>
    commands.map(({ words, environment }) => [
      words.map(({ text }) => text).join(' '),
      ...names.map(name => {
        const value = environment(name)
        return value === null ? null : value.known ? value.value : '?'
      }),
    ]),
  )
}

const OWN = 'image: registry.example.org/shop:1'

test('a pod starts the image that the repository builds, with its own words', () => {
  assert.equal(started({ 'k8s/web.yaml': deployment(OWN) }), [['gunicorn app:app']])
  const args = deployment(conf`
    ${OWN}
    args: ["gunicorn", "app:app", "--bind=:$(PORT)"]
    env: [{ name: PORT, value: "9000" }]
  `)
  assert.equal(started({ 'k8s/web.yaml': args }), [['gunicorn app:app --bind=:9000']])
  const command = deployment(conf`
    ${OWN}
    command: ["gunicorn"]
    args: ["other:app"]
  `)
  assert.equal(started({ 'k8s/web.yaml': command }), [['gunicorn other:app']])
})

test('a command takes the command of the image away', () => {
  const command = deployment(conf`
    ${OWN}
    command: ["uvicorn"]
  `)
  assert.equal(started({ 'k8s/web.yaml': command }), [['uvicorn']])
})

test('the variables are those of the image, the ConfigMaps and the manifest', () => {
  const given = deployment(conf`
    ${OWN}
    envFrom: [{ configMapRef: { name: shop } }]
    env:
      - { name: B, value: own }
      - { name: C, valueFrom: { secretKeyRef: { name: x, key: y } } }
  `)
  const map = configMap(conf`
    A: of the map
    B: of the map
  `)
  assert.equal(started({ 'k8s/web.yaml': given + map }, ['A', 'B', 'C', 'LEVEL', 'NOBODY']), [
    ['gunicorn app:app', 'of the map', 'own', '?', 'info', null],
  ])
})

test('what a Secret or a ConfigMap of another repository holds is not known', () => {
  const given = (from: string): string =>
    deployment(conf`
    ${OWN}
    envFrom: [{ ${from} }]
  `)
  for (const from of ['secretRef: { name: shop }', 'configMapRef: { name: elsewhere }'])
    assert.equal(started({ 'k8s/web.yaml': given(from) }, ['ANY']), [['gunicorn app:app', '?']])
})

test('an image is that of the Dockerfile which is called for it', () => {
  const texts = {
    'web/Dockerfile': IMAGE,
    'web/app.py': 'app = None\n',
    'worker/Dockerfile': IMAGE.replace('gunicorn', 'celery'),
    'worker/app.py': 'app = None\n',
    'k8s/web.yaml': deployment(conf`
      image: registry.example.org/team/shop-web@sha256:0123
      args: ["gunicorn", "web:app"]
    `),
  }
  assert.ok(started(texts).some(([words]) => words === 'gunicorn web:app'))
  const other = { ...texts, 'k8s/web.yaml': texts['k8s/web.yaml'].replace('shop-web', 'shop-mail') }
  const imagesOf = (each: Texts): readonly boolean[] =>
    deploymentsOf(each).flatMap(({ machines }) =>
      machines.flatMap(({ container }) =>
        container?.project.startedBy === 'pods' ? [container.image !== null] : [],
      ),
    )
  assert.equal(imagesOf(texts), [true])
  assert.equal(imagesOf(other), [false])
})

test('what Kustomize patches, templates and pods on the network of the node are left out', () => {
  const own = conf`
    ${OWN}
    args: ["gunicorn", "pod:app"]
  `
  const isRead = (texts: Texts): boolean => started(texts).some(([words]) => words === 'gunicorn pod:app')
  const plain = deployment(own)
  assert.ok(isRead({ 'k8s/web.yaml': plain }))
  assert.not.ok(isRead({ 'k8s/web.yaml': deployment(own, 'hostNetwork: true') }))
  assert.not.ok(isRead({ 'k8s/web.yaml': plain.replace('name: shop', 'name: {{ name }}') }))
  const patching = conf`
    resources: [web.yaml]
    patches: [{ path: more.yaml }]
  `
  assert.not.ok(isRead({ 'k8s/web.yaml': plain, 'k8s/kustomization.yaml': patching }))
  assert.not.ok(
    isRead({
      'k8s/base/web.yaml': plain,
      'k8s/base/kustomization.yaml': 'resources: [web.yaml]\n',
      'k8s/prod/kustomization.yaml': conf`
        resources: [../base]
        namePrefix: prod-
      `,
    }),
  )
  assert.ok(isRead({ 'k8s/web.yaml': plain, 'k8s/kustomization.yaml': 'resources: [web.yaml]\n' }))
})

const service = (ports: string, name = 'shop', spec = ''): string => conf`
  ---
  apiVersion: v1
  kind: Service
  metadata: { name: ${name} }
  spec:
    selector: { app: shop }
    ports: [${ports}]
    ${spec}
`
const nginxConfig = (pass: string): string => conf`
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: { name: nginx }
  data:
    site.conf: |
      server {
          listen 80;
          location / {
              proxy_pass ${pass};
          }
      }
`
const NGINX = conf`
  ---
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: front }
  spec:
    template:
      metadata: { labels: { app: front } }
      spec:
        containers:
          - name: nginx
            image: nginx:1.27
            volumeMounts: [{ name: conf, mountPath: /etc/nginx/conf.d }]
        volumes: [{ name: conf, configMap: { name: nginx } }]
`
const APPLICATION = deployment(conf`
  ${OWN}
  args: ["gunicorn", "app:app", "--bind=0.0.0.0:8000"]
  ports: [{ name: http, containerPort: 8000 }]
`)

/** Where the connections of nginx lead: the port, and what is there. */
function led(texts: Texts): readonly (readonly [number | null, string, string | null])[] {
  return deploymentsOf({ Dockerfile: IMAGE, ...APP, ...texts }).flatMap(({ connections }) =>
    connections.http.flatMap(({ targets }) =>
      targets.map(({ port, to, machine }) => [port, to.kind, machine?.name ?? null] as const),
    ),
  )
}

test('the name of a Service leads to the pod, and its port to the one behind it', () => {
  const to = (pass: string, ports: string, spec = '') =>
    led({ 'k8s/shop.yaml': APPLICATION + service(ports, 'shop', spec) + NGINX + nginxConfig(pass) })
  assert.equal(to('http://shop:8000', '{ port: 8000 }'), [[8000, 'listener', 'shop']])
  assert.equal(to('http://shop', '{ port: 80, targetPort: 8000 }'), [[8000, 'listener', 'shop']])
  assert.equal(to('http://shop', '{ port: 80, targetPort: http }'), [[8000, 'listener', 'shop']])
  assert.equal(to('http://shop', '{ port: 80, targetPort: web }'), [[80, 'unknown', null]])
  assert.equal(to('http://shop:8000', '{ port: 80, targetPort: 8000 }'), [[8000, 'unknown', null]])
  assert.equal(to('http://shop:8000', '{ port: 80 }', 'clusterIP: None'), [[8000, 'listener', 'shop']])
})

test('the long names of a Service hold its namespace', () => {
  const inShop = (text: string): string =>
    text.replaceAll(/metadata: \{ name: ([a-z]+) \}/g, 'metadata: { name: $1, namespace: web }')
  const to = (host: string) =>
    led({
      'k8s/shop.yaml': inShop(
        APPLICATION + service('{ port: 8000 }') + NGINX + nginxConfig(`http://${host}:8000`),
      ),
    })
  for (const host of ['shop', 'shop.web', 'shop.web.svc', 'shop.web.svc.cluster.local'])
    assert.equal(to(host), [[8000, 'listener', 'shop']], host)
  assert.equal(to('shop.other'), [[8000, 'unknown', null]])
})

test('a name that selects the pods of two workloads leads to none of them', () => {
  const worker = APPLICATION.replace('name: shop', 'name: worker')
  const texts = `${APPLICATION}---\n${worker}${service('{ port: 8000 }')}${NGINX}${nginxConfig('http://shop:8000')}`
  assert.equal(led({ 'k8s/shop.yaml': texts }), [[8000, 'unknown', null]])
})

test('the containers of a pod have one loopback', () => {
  const pod = (pass: string): Texts => ({
    'k8s/shop.yaml': conf`
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: shop }
      spec:
        template:
          metadata: { labels: { app: shop } }
          spec:
            containers:
              - name: nginx
                image: nginx:1.27
                volumeMounts: [{ name: conf, mountPath: /etc/nginx/conf.d }]
              - name: web
                ${OWN}
                args: ["gunicorn", "app:app", "--bind=127.0.0.1:8000"]
            volumes: [{ name: conf, configMap: { name: nginx } }]
      ${nginxConfig(pass)}
    `,
  })
  assert.equal(led(pod('http://127.0.0.1:8000')), [[8000, 'listener', 'shop/web']])
  assert.equal(led(pod('http://localhost:8000')), [[8000, 'listener', 'shop/web']])
  assert.equal(led(pod('http://127.0.0.1:9000')), [[9000, 'unclaimed', null]])
})

test('a variable is made of those before it', () => {
  const given = deployment(conf`
    ${OWN}
    env:
      - { name: HOST, value: db }
      - { name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }
      - { name: URL, value: "postgres://$(HOST)/shop" }
      - { name: FULL, value: "postgres://shop:$(PASSWORD)@$(HOST)" }
      - { name: LATER, value: "$(NONE) $$(HOST)" }
  `)
  assert.equal(started({ 'k8s/web.yaml': given }, ['URL', 'FULL', 'LATER']), [
    ['gunicorn app:app', 'postgres://db/shop', '?', '$(NONE) $(HOST)'],
  ])
})

test.run()
