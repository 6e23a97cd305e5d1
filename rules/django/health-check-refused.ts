import type { Container } from '../../src/deployment/containers/container.ts'
import { matchesHost } from '../../src/deployment/django/allowed-hosts.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { djangoBehindNginx } from './_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { type CommandedPod, commandedPods } from './_commanded-pods.ts'
import { literalPlace } from './_literal-place.ts'
import { writtenTexts } from './_plain-settings.ts'
import { type ProbedPod, probedPods } from './_probed-pods.ts'
import { settingTexts, settingValue } from './_setting-entries.ts'
import { probedProject } from './_probed-examples.ts'
import { type SelfCheck, selfCheck } from './_self-check.ts'

const project = (
  test: string,
  hosts = '["example.org", "web"]',
  more = 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]',
): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      DEBUG = False
      ALLOWED_HOSTS = ${hosts}
      ${more}
    `,
    environment: conf`
      healthcheck:
        test: ${test}
        interval: 10s
    `,
  })

const deployed = (
  probe: string,
  { hosts = '["example.org"]', image = 'registry.example.org/shop:2.1', more = '' } = {},
): Record<string, string> =>
  probedProject(
    conf`
      import os
      DEBUG = False
      ALLOWED_HOSTS = ${hosts}
      MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
      ROOT_URLCONF = "shop.urls"
    `,
    kubernetesDeployment({
      image,
      container: conf`
        ports:
          - { name: http, containerPort: 8000 }
        ${more}
        ${probe}
      `,
    }),
  )
const READS = 'os.environ.get("HOSTS", "").split(",")'
const READS_ONE = 'ALLOWED_HOSTS = os.environ["HOSTS"].split(",")'
const configMap = (hosts: string, more = ''): string => conf`
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: web
  data:
    HOSTS: ${hosts}
    ${more}
`
const FROM_MAP = /* @__PURE__ */ conf`
  envFrom:
    - configMapRef: { name: web }
    - secretRef: { name: web }
`
const readiness = (lines: string): string => conf`
  readinessProbe:
    «httpGet»:
      path: /healthz
      ${lines}
`

const SETTINGS = /* @__PURE__ */ conf`
  DEBUG = False
  MIDDLEWARE = [
      "django.middleware.security.SecurityMiddleware",
      "django.middleware.common.CommonMiddleware",
  ]
  ROOT_URLCONF = "shop.urls"
`
/** A pod that starts gunicorn itself, of an image that no Dockerfile of the repository makes. */
const commanded = (hosts = READS_ONE): Record<string, string> => ({
  'web/shop/settings.py': `import os\n${SETTINGS}${hosts}\n`,
  'web/shop/urls.py': 'urlpatterns = []\n',
  'k8s/config.yaml': configMap('example.org', 'DJANGO_SETTINGS_MODULE: shop.settings'),
  'k8s/web.yaml': kubernetesDeployment({
    container: conf`
      command: ["/bin/sh", "-c"]
      args: ["python manage.py migrate && exec gunicorn shop.wsgi:application -b 0.0.0.0:8000"]
      ports:
        - { name: http, containerPort: 8000 }
      ${FROM_MAP}
      ${hosts === READS_ONE ? readiness('port: http') : readiness('port: http').replace(/[«»]/g, '')}
    `,
  }),
})
const chart = (hosts: string, key: string): Record<string, string> => ({
  'shop/settings.py': `${SETTINGS}${hosts}\n`,
  'shop/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
  'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'chart/values.yaml': 'image: { tag: "3" }\n',
  'chart/templates/web.yaml': conf`
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: {{ .Release.Name }}
    spec:
      template:
        spec:
          containers:
            - name: web
              image: "registry.example.org/shop:{{ .Values.image.tag }}"
              args: ["gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:8000"]
              livenessProbe:
                ${key}: { path: /healthz/, port: 8000 }
  `,
})

export default defineRule({
  summary: 'The health check asks Django for a host that it does not answer',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A health check inside of the container asks for `localhost`, and `CommonMiddleware` answers 400 to every host that is not in `ALLOWED_HOSTS`. `curl -f` and `wget` take that for a failure: the container is unhealthy for ever, and what waits for it with `condition: service_healthy` never starts. A probe of Kubernetes asks for the address of the pod: `Readiness probe failed: HTTP probe failed with statuscode: 400`.',
  remedy:
    'Send the name of the site, `curl -f -H "Host: example.org" …`, or add `localhost` to `ALLOWED_HOSTS`; in a probe of Kubernetes write the name as a `Host` of `httpHeaders`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts',
    'https://docs.docker.com/reference/compose-file/services/#healthcheck',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes',
  ],
  bad: [
    {
      title: 'curl',
      files: project('["CMD", "curl", "-f", "«http://localhost:8000/»"]'),
    },
    { title: 'wget, in a shell', files: project('«wget -qO- http://127.0.0.1:8000/health/ || exit 1»') },
    { title: 'a probe of Kubernetes', files: deployed(readiness('port: http')) },
    {
      title: 'a probe of Kubernetes, by the number, and with another header',
      files: deployed(
        readiness(conf`
          port: 8000
          httpHeaders: [{ name: X-Probe, value: readiness }]
        `),
        { hosts: '["example.org", "localhost", "127.0.0.1"]' },
      ),
    },
    {
      title: 'a probe of Kubernetes, and hosts of a ConfigMap',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/config.yaml': configMap('example.org,www.example.org'),
      },
    },
    {
      title: 'a probe of Kubernetes, and hosts of a key of a ConfigMap',
      files: {
        ...deployed(readiness('port: http'), {
          hosts: '[host.strip() for host in os.getenv("ALLOWED").split(",") if host]',
          more: 'env: [{ name: ALLOWED, valueFrom: { configMapKeyRef: { name: web, key: HOSTS } } }]',
        }),
        'k8s/config.yaml': configMap('example.org'),
      },
    },
    {
      title: 'a probe of Kubernetes, and a ConfigMap that names the settings, too',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/config.yaml': configMap('example.org', 'DJANGO_SETTINGS_MODULE: shop.settings'),
      },
    },
    {
      title: 'a probe of Kubernetes, and hosts of the container',
      files: deployed(readiness('port: http'), {
        hosts: READS,
        more: 'env: [{ name: HOSTS, value: example.org }]',
      }),
    },
    {
      title: 'a probe of a pod that starts gunicorn itself',
      files: commanded(),
    },
    {
      title: 'the same in a template of Helm',
      files: chart('ALLOWED_HOSTS = ["example.org"]', '«httpGet»'),
    },
  ],
  good: [
    {
      title: 'a pod that starts gunicorn, and hosts that are put together',
      files: commanded('ALLOWED_HOSTS = ["example.org"] + EXTRA'),
    },
    {
      title: 'a pod that starts gunicorn, and hosts that are added',
      files: commanded('ALLOWED_HOSTS = ["example.org"]\nALLOWED_HOSTS.append(EXTRA)'),
    },
    { title: 'a template of Helm, and any host', files: chart('ALLOWED_HOSTS = ["*"]', 'httpGet') },
    {
      title: 'a ConfigMap that names other settings',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/config.yaml': configMap('example.org', 'DJANGO_SETTINGS_MODULE: shop.production'),
      },
    },
    {
      title: 'a ConfigMap with every host',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/config.yaml': configMap('"*"'),
      },
    },
    {
      title: 'two ConfigMaps of one name',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/staging.yaml': configMap('"*"'),
        'k8s/config.yaml': configMap('example.org'),
      },
    },
    {
      title: 'a variable of nobody knows where, and one with the address of the pod',
      files: {
        ...deployed(readiness('port: http'), { hosts: READS, more: FROM_MAP }),
        'k8s/other.yaml': kubernetesDeployment({
          container: 'env: [{ name: HOSTS, value: "example.org,$(POD_IP)" }]',
        }),
      },
    },
    {
      title: 'the address of the pod beside the variable',
      files: {
        ...deployed(readiness('port: http'), {
          hosts: `${READS} + [os.environ["POD_IP"]]`,
          more: FROM_MAP,
        }),
        'k8s/config.yaml': configMap('example.org'),
      },
    },
    {
      title: 'a probe with the name of the site',
      files: deployed(
        readiness(conf`
          port: http
          httpHeaders: [{ name: Host, value: example.org }]
        `),
      ),
    },
    {
      title: 'a probe of a connection alone',
      files: deployed(conf`
        readinessProbe:
          tcpSocket: { port: 8000 }
      `),
    },
    { title: 'a probe, and any host', files: deployed(readiness('port: http'), { hosts: '["*"]' }) },
    {
      title: 'a probe, and the address of the pod',
      files: deployed(readiness('port: http'), { hosts: '["example.org", os.environ["POD_IP"]]' }),
    },
    { title: 'a probe of another port', files: deployed(readiness('port: 8080')) },
    {
      title: 'a probe of another image',
      files: deployed(readiness('port: http'), { image: 'nginxinc/nginx-unprivileged:1.27' }),
    },
    {
      title: 'a probe, and other settings',
      files: deployed(readiness('port: http'), {
        more: 'env: [{ name: DJANGO_SETTINGS_MODULE, value: shop.production }]',
      }),
    },
    {
      title: 'a host that is allowed',
      files: project(
        '["CMD", "curl", "-f", "http://localhost:8000/"]',
        '["example.org", "web", "localhost"]',
      ),
    },
    { title: 'any host', files: project('["CMD", "curl", "-f", "http://localhost:8000/"]', '["*"]') },
    {
      title: 'the name of the site',
      files: project('["CMD", "curl", "-f", "-H", "Host: example.org", "http://localhost:8000/"]'),
    },
    {
      title: 'curl, to which every answer is good',
      files: project('["CMD", "curl", "http://localhost:8000/"]'),
    },
    {
      title: 'a middleware that may answer before',
      files: project(
        '["CMD", "curl", "-f", "http://localhost:8000/"]',
        undefined,
        'MIDDLEWARE = ["shop.health.HealthMiddleware", "django.middleware.common.CommonMiddleware"]',
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<Container>()
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      if (container === null || seen.has(container)) continue
      seen.add(container)
      const asked = askedHost(container)
      const settings = asked === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      const hosts = settings === null ? null : settingTexts(settings, 'ALLOWED_HOSTS')
      if (asked === null || settings === null || hosts === null || !isRefused(settings, hosts, asked.host))
        continue
      yield {
        at: asked.at,
        message: `\`ALLOWED_HOSTS\` does not have \`${asked.host}\`, so Django answers 400, and the container is never healthy: Invalid HTTP_HOST header`,
        label: `for \`${asked.host}\``,
        related: [],
        help: `Add \`${asked.host}\` to \`ALLOWED_HOSTS\``,
      }
    }
    for (const pod of probedPods(deployment)) {
      const { probe, at, settings } = pod
      const answered = hostsOfPod(pod)
      if (answered === null || !isRefused(settings, answered.hosts, '10.1.2.3')) continue
      const [name] = answered.hosts.filter(host => /^[a-z][\w-]*\.[\w.-]+$/i.test(host))
      const written = settings.get('ALLOWED_HOSTS')?.at
      yield {
        at,
        message: ofProbe(probe),
        label: 'without a `Host`',
        related: [
          ...(answered.at === null ? [] : [{ at: answered.at, message: 'the hosts that Django answers' }]),
          ...(written == null
            ? []
            : [
                {
                  at: assignedValue(written),
                  message: answered.at === null ? 'the hosts that Django answers' : 'reads them',
                },
              ]),
        ],
        help: `Write \`httpHeaders: [{ name: Host, value: ${name ?? 'example.org'} }]\` below it`,
      }
    }
    for (const pod of commandedPods(deployment)) {
      const { probe, at, settings } = pod
      const written = settings.written('ALLOWED_HOSTS')
      const answered = hostsOfCommanded(pod)
      const middleware = writtenTexts(settings.written('MIDDLEWARE'))
      if (written === null || answered === null || middleware === null) continue
      if (settings.written('DEBUG')?.text !== 'False') continue
      if (!isRefusedBy(middleware, answered.hosts, '10.1.2.3')) continue
      const [name] = answered.hosts.filter(host => /^[a-z][\w-]*\.[\w.-]+$/i.test(host))
      yield {
        at,
        message: ofProbe(probe),
        label: 'without a `Host`',
        related: [
          ...(answered.at === null ? [] : [{ at: answered.at, message: 'the hosts that Django answers' }]),
          { at: written.at, message: answered.at === null ? 'the hosts that Django answers' : 'reads them' },
        ],
        help: `Write \`httpHeaders: [{ name: Host, value: ${name ?? 'example.org'} }]\` below it`,
      }
    }
  },
})

function ofProbe(probe: string): string {
  return `\`${probe}\` asks for the address of the pod, which \`ALLOWED_HOSTS\` does not have, so Django answers 400: HTTP probe failed with statuscode: 400`
}

/** The hosts that are written, or that one variable of the pod says. */
function hostsOfCommanded({ settings, variable }: CommandedPod): HostsOfPod | null {
  const written = settings.written('ALLOWED_HOSTS')
  const hosts = writtenTexts(written)
  if (hosts !== null) return { hosts, at: null }
  return written === null ? null : hostsOfVariable(written.text, variable)
}

function hostsOfVariable(text: string, variable: ProbedPod['variable']): HostsOfPod | null {
  const name = OF_VARIABLE.exec(text)
    ?.slice(1)
    .find(each => each !== undefined)
  const given = name === undefined ? null : variable(name)
  return given === null ? null : { hosts: given.value.split(',').map(host => host.trim()), at: given.at }
}

interface HostsOfPod {
  readonly hosts: readonly string[]
  /** Where a ConfigMap says them; null where settings or the container do. */
  readonly at: Place | null
}

/** The hosts that the settings, or one variable of the pod, name; null where anything else may add to them. */
function hostsOfPod({ settings, variable }: ProbedPod): HostsOfPod | null {
  const hosts = settingTexts(settings, 'ALLOWED_HOSTS')
  if (hosts !== null && isWritten(settings, hosts))
    return { hosts: hosts.filter(host => host !== null), at: null }
  const assigned = settings.expressionOf('ALLOWED_HOSTS')
  if (assigned === null) return null
  const { source, expression } = assigned
  return hostsOfVariable(source.text.slice(expression.start, expression.end), variable)
}

const NAME = '["\'](\\w+)["\']'
const READ = `(?:os\\.)?(?:environ\\[${NAME}\\]|(?:environ\\.get|getenv)\\(${NAME}(?:,\\s*["'][^"'\\n]*["'])?\\))`
const SPLIT = `${READ}\\.split\\(["'],["']\\)`
const STRIPPED = '\\w+(?:\\.strip\\(\\))?'
/** Lists whose hosts are those of one variable, separated by commas. */
const OF_VARIABLE = new RegExp(
  `^(?:${[
    SPLIT,
    `\\[\\s*${READ}\\s*\\]`,
    `\\[\\s*${STRIPPED}\\s+for\\s+\\w+\\s+in\\s+${SPLIT}(?:\\s+if\\s+${STRIPPED})?\\s*\\]`,
    `\\w*env\\w*\\.list\\(\\s*${NAME}[^()]*\\)`,
    `\\w*config\\(\\s*${NAME}[^()]*\\bcast\\s*=\\s*Csv\\(\\)\\s*,?\\s*\\)`,
  ].join('|')})$`,
)

/** True for a list that the environment of the pod does not change: every name is a text of the settings. */
function isWritten(settings: DjangoSettings, hosts: readonly (string | null)[]): boolean {
  return hosts.every(host => host !== null && literalPlace(settings, 'ALLOWED_HOSTS', host) !== null)
}

/** The host for which a check asks that fails with every answer of 400; null where it asks for none. */
function askedHost(container: Container): SelfCheck | null {
  const check = selfCheck(container)
  return check !== null && FAILS.test(check.text) && !/\bHost\b|-H\b|--header/i.test(check.text)
    ? check
    : null
}

const FAILS = /\bwget\b|\bcurl\b[^|;&]*\s(?:-\w*f\w*|--fail)\b|urlopen\(/

function isRefused(settings: DjangoSettings, hosts: readonly (string | null)[], asked: string): boolean {
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  // With DEBUG an empty list stands for localhost.
  if (hosts.length === 0 && settingValue(settings, 'DEBUG') !== false) return false
  return middleware !== null && isRefusedBy(middleware, hosts, asked)
}

function isRefusedBy(
  middleware: readonly (string | null)[],
  hosts: readonly (string | null)[],
  asked: string,
): boolean {
  const common = middleware.indexOf('django.middleware.common.CommonMiddleware')
  // One before it that is not Django's own may answer by itself.
  const before = middleware.slice(0, common)
  if (common === -1 || before.some(each => each === null || !OF_DJANGO.test(each))) return false
  return hosts.every(host => host !== null && !matchesHost(asked, host.toLowerCase()))
}

const OF_DJANGO = /^(?:django\.|whitenoise\.|corsheaders\.)/
