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
  assert.not.ok(started(other).some(([words]) => words === 'gunicorn web:app'))
})

test('containers that share a pod, patches, templates and images of others are left out', () => {
  const own = conf`
    ${OWN}
    args: ["gunicorn", "pod:app"]
  `
  const isRead = (texts: Texts): boolean => started(texts).some(([words]) => words === 'gunicorn pod:app')
  const plain = deployment(own)
  assert.ok(isRead({ 'k8s/web.yaml': plain }))
  assert.not.ok(
    isRead({ 'k8s/web.yaml': `${plain}        - { name: log, image: registry.example.org/log:1 }\n` }),
  )
  assert.not.ok(isRead({ 'k8s/web.yaml': deployment(own, 'hostNetwork: true') }))
  assert.not.ok(isRead({ 'k8s/web.yaml': deployment(own.replace(OWN, 'image: nginx:1.27')) }))
  assert.not.ok(isRead({ 'k8s/web.yaml': plain.replace('name: shop', 'name: {{ name }}') }))
  assert.not.ok(
    isRead({
      'k8s/web.yaml': plain,
      'k8s/kustomization.yaml': conf`
        resources: [web.yaml]
        patches: [{ path: more.yaml }]
      `,
    }),
  )
})

test.run()
