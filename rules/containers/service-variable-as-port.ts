import { posix } from 'node:path'
import type { ClusterService } from '../../parsers/kubernetes/manifest.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment, LooseFiles } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'

const REDIS = conf`
  apiVersion: v1
  kind: Service
  metadata:
    name: redis
  spec:
    selector: { app: redis }
    ports:
      - port: 6379
`
interface Parts {
  readonly env?: string
  readonly pod?: string
  readonly service?: string
  readonly image?: string
}
const shop = (
  files: Record<string, string>,
  { env = '', pod = '', service = REDIS, image = 'registry.example.org/shop:3' }: Parts = {},
): Record<string, string> => ({
  'deploy/web.yaml': kubernetesDeployment({ image, container: env, pod }),
  'deploy/redis.yaml': service,
  Dockerfile: conf`
    FROM python:3.12
    COPY . /srv
    WORKDIR /srv
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
  `,
  ...files,
})
const python = (read: string): Record<string, string> => ({
  'app.py': conf`
    import os
    PORT = ${read}
    app = None
  `,
})
const SIMPLE = python('int(«os.environ.get("REDIS_PORT"», "6379"))')

export default defineRule({
  summary: 'An application reads a port from a variable that Kubernetes fills with an address',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Kubernetes gives each pod variables for the Services of its namespace, as links of Docker once did: beside a Service called `redis` stands `REDIS_PORT=tcp://10.0.171.239:6379`. A program that takes `REDIS_PORT` for a number fails when it starts: invalid literal for int() with base 10. What the image sets by `ENV`, or a file of variables, comes second.',
  remedy:
    'Set the variable in `env` of the pod, write `enableServiceLinks: false`, or give the Service another name',
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables',
    'https://kubernetes.io/docs/tutorials/services/connect-applications-service/#accessing-the-service',
  ],
  unproven: 'The live tests start no pods',
  bad: [
    { title: 'a number of Python', files: shop(SIMPLE) },
    { title: 'a variable that has to be there', files: shop(python('int(«os.environ["REDIS_PORT"]»)')) },
    {
      title: 'Node.js, and a Service with a hyphen',
      files: shop(
        { 'server.js': 'const port = «process.env.SHOP_DB_PORT» || 5432\n' },
        { service: REDIS.replace('name: redis', 'name: shop-db') },
      ),
    },
    {
      title: 'the settings of Laravel',
      files: shop({ 'config/database.php': "<?php\nreturn ['port' => «env('REDIS_PORT'», '6379')];\n" }),
    },
    {
      title: 'the settings of Spring Boot',
      files: shop({
        'src/main/resources/application.yml': conf`
          spring:
            data:
              redis:
                port: «\${REDIS_PORT»:6379}
        `,
      }),
    },
  ],
  good: [
    {
      title: 'set in the pod',
      files: shop(SIMPLE, {
        env: conf`
          env:
            - { name: REDIS_PORT, value: "6379" }
        `,
      }),
    },
    { title: 'no variables of Services', files: shop(SIMPLE, { pod: 'enableServiceLinks: false' }) },
    {
      title: 'a Service of another name',
      files: shop(SIMPLE, { service: REDIS.replace('name: redis', 'name: cache') }),
    },
    {
      title: 'a Service of another namespace',
      files: shop(SIMPLE, { service: REDIS.replace('name: redis', 'name: redis\n  namespace: data') }),
    },
    {
      title: 'a Service without an address',
      files: shop(SIMPLE, { service: REDIS.replace('spec:', 'spec:\n  clusterIP: None') }),
    },
    {
      title: 'variables from elsewhere',
      files: shop(SIMPLE, {
        env: conf`
          envFrom:
            - secretRef: { name: shop }
        `,
      }),
    },
    {
      title: 'one that reads an address',
      files: shop({
        'app.py': conf`
          import os
          from urllib.parse import urlparse
          PORT = urlparse(os.environ.get("REDIS_PORT", "tcp://redis:6379")).port
        `,
      }),
    },
    { title: 'a test', files: shop({ 'tests/app.py': SIMPLE['app.py']! }) },
    { title: 'pods of images of others alone', files: shop(SIMPLE, { image: 'redis:7' }) },
  ],
  *check(deployment) {
    const loose = looseOf(deployment)
    const cluster = clusterFiles(deployment)
    if (loose === null || cluster === null) return
    const sources = loose.manifests.flatMap(path => sourceAt(loose.files, path) ?? [])
    if (sources.some(({ text }) => MAY_SET.test(text)) || !hasOwnImage(cluster.files)) return
    const services = new Map<string, ClusterService>(
      cluster.files
        .flatMap(file => file.services)
        .filter(service => isSeen(service, sources))
        .map(service => [`${service.name.toUpperCase().replace(/-/g, '_')}_PORT`, service] as const),
    )
    const isSet = (name: string): boolean =>
      sources.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text))
    if (services.size === 0) return
    for (const { name, at } of portsRead(loose)) {
      const service = services.get(name)
      if (service === undefined || isSet(name)) continue
      yield {
        at,
        message: `beside the Service \`${service.name}\` Kubernetes sets \`${name}\` to an address such as \`tcp://10.0.0.1:${service.ports[0]!.port}\`, which is read for a port here`,
        label: 'no number',
        related: [{ at: service.at, message: 'gives every pod of its namespace that variable' }],
        help: `Write \`${name}\` with its number in \`env\` of the pod, or \`enableServiceLinks: false\``,
      }
    }
  },
})

/** What keeps the variables away, or may set others. */
const MAY_SET =
  /enableServiceLinks:\s*false|\bsecretRef:|\bconfigMapGenerator:|^\s*envFrom:\s*\{\{|vault\.hashicorp/m

function looseOf({ machines }: Deployment): LooseFiles | null {
  const found = machines.flatMap(({ loose }) => loose ?? [])
  return found.length === 1 ? found[0]! : null
}

const OF_OTHERS = /^(?:docker\.io\/)?(?:library\/|bitnami\/|grafana\/|prom\/)?[\w.-]+(?:[:@]|$)/

function hasOwnImage(files: NonNullable<ReturnType<typeof clusterFiles>>['files']): boolean {
  return files.some(({ workloads }) =>
    workloads.some(({ containers }) =>
      containers.some(({ image }) => image !== null && !OF_OTHERS.test(image)),
    ),
  )
}

/** True for a Service with an address, in the namespace that all manifests are for. */
function isSeen({ headless, ports }: ClusterService, sources: readonly Source[]): boolean {
  const namespaces = sources.map(({ text }) =>
    [...text.matchAll(/^\s+namespace:\s*["']?([\w.-]+)/gm)].map(([, name]) => name),
  )
  const isOne = new Set(namespaces.flat()).size === 0 || namespaces.every(each => each.length > 0)
  return !headless && ports.length > 0 && isOne && new Set(namespaces.flat()).size <= 1
}

interface PortRead {
  readonly name: string
  readonly at: Place
}

const CODE = /\.(?:py|[cm]?[jt]s|rb|php|go)$|\/application[\w-]*\.(?:ya?ml|properties)$/
/** Ways to read a variable of the environment by its name. */
const READ =
  /(?:\bos\.(?:environ\.get|getenv)\(\s*["']|\bos\.environ\[["']|\bprocess\.env(?:\.|\[["'])|\b(?:get)?env\(\s*["']|\bconfig\(\s*["']|\benv\.(?:int|str)\(\s*["']|\bENV(?:\.fetch\(|\[)["']|\bos\.Getenv\("|\$\{)([A-Z][A-Z\d_]*_PORT)(?:["']\]?)?(?![\w])/g
/** Directories of no application. */
const REACH = {
  levels: 6,
  skipped:
    /^(?:\..*|node_modules|vendor|venv|env|site-packages|tests?|__tests__|spec|e2e|examples?|docs?|scripts?|dist|build|target|charts?|helm)$/,
}
const MOST = 2000

function* portsRead({ files, dockerfiles, manifests }: LooseFiles): Iterable<PortRead> {
  const homes = new Set([
    ...dockerfiles.map(path => posix.dirname(path)),
    ...manifests.map(path => posix.dirname(posix.dirname(path))).filter(home => isProject(files, home)),
  ])
  const outer = [...homes].filter(
    home => ![...homes].some(each => each !== home && home.startsWith(`${each}/`)),
  )
  let left = MOST
  for (const home of outer)
    for (const path of filesBelow(files, home, REACH)) {
      if (
        !CODE.test(path) ||
        /(?:^|[/._-])(?:tests?|spec|conftest)(?:[._-]|\/)/.test(path.slice(home.length))
      )
        continue
      if (left-- <= 0) return
      const source = sourceAt(files, path)
      // What takes an address apart expects one.
      if (source === null || /tcp:|urlparse|new URL\(|parse_url/.test(source.code)) continue
      for (const match of source.text.matchAll(READ)) {
        const [all, name = ''] = match
        yield { name, at: { source, start: match.index, end: match.index + all.length } }
      }
    }
}

const PROJECT = [
  'package.json',
  'requirements.txt',
  'pyproject.toml',
  'manage.py',
  'Gemfile',
  'composer.json',
  'go.mod',
  'pom.xml',
]

function isProject(files: LooseFiles['files'], home: string): boolean {
  return PROJECT.some(name => files.kind(posix.join(home, name)) !== null)
}
