import type { Container } from '../../src/deployment/containers/container.ts'
import { matchesHost } from '../../src/deployment/django/allowed-hosts.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { assignedValue } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'
import { commandedPods } from './_commanded-pods.ts'
import { type PlainSettings, writtenTexts } from './_plain-settings.ts'
import { probedPods } from './_probed-pods.ts'
import { settingTexts, settingValue } from './_setting-entries.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { probedProject } from './_probed-examples.ts'
import { type SelfCheck, selfCheck } from './_self-check.ts'

const SECURITY = 'django.middleware.security.SecurityMiddleware'

const project = (
  test: string,
  more = '',
  { middleware = `"${SECURITY}"`, hosts = '["*"]', redirect = 'True' } = {},
): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      DEBUG = False
      ALLOWED_HOSTS = ${hosts}
      MIDDLEWARE = [${middleware}]
      SECURE_SSL_REDIRECT = ${redirect}
      ${more}
    `,
    environment: conf`
      healthcheck:
        test: ${test}
        interval: 10s
    `,
  })
const URLLIB = `["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]`
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')
const WGET = '«wget -qO- http://localhost:8000/healthz || exit 1»'
const AS_PROXY = conf`
  SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
`
const deployed = (key: string, headers = '', more = ''): Record<string, string> =>
  probedProject(
    conf`
      ALLOWED_HOSTS = ["*"]
      MIDDLEWARE = ["${SECURITY}"]
      ROOT_URLCONF = "shop.urls"
      SECURE_SSL_REDIRECT = True
      ${more}
    `,
    kubernetesDeployment({
      image: 'registry.example.org/shop:2.1',
      container: conf`
        ports:
          - { name: http, containerPort: 8000 }
        readinessProbe:
          ${key}:
            path: /healthz
            port: http
            ${headers}
      `,
    }),
  )

const commanded = (key: string, more = ''): Record<string, string> => ({
  'shop/settings.py': conf`
    import os
    ALLOWED_HOSTS = ["example.org", os.environ.get("POD_IP", "localhost")]
    MIDDLEWARE = ["${SECURITY}"]
    SECURE_SSL_REDIRECT = True
    ${more}
  `,
  'shop/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
  'k8s/web.yaml': kubernetesDeployment({
    container: conf`
      args: ["gunicorn", "shop.wsgi:application", "--bind=:8000"]
      readinessProbe:
        ${key}: { path: /healthz/, port: 8000 }
    `,
  }),
})

export default defineRule({
  summary: 'The health check is redirected to https on a port that speaks plain HTTP',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A health check inside of the container asks the application server itself, without the proxy that terminates TLS. `SECURE_SSL_REDIRECT` answers every request of plain HTTP with a redirect to `https://` and the same host and port. `wget`, `curl -L` and Python’s `urllib` follow it and fail at the TLS handshake: the container is unhealthy for ever, and what waits for it with `condition: service_healthy` never starts. A probe of Kubernetes goes on to the address of the pod: `http: server gave HTTP response to HTTPS client`.',
  remedy:
    'Leave the path out of the redirect, `SECURE_REDIRECT_EXEMPT = [r"^healthz$"]`, or let the check send `X-Forwarded-Proto: https` where `SECURE_PROXY_SSL_HEADER` reads it',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-redirect-exempt',
    'https://docs.docker.com/reference/compose-file/services/#healthcheck',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes',
  ],
  bad: [
    {
      title: 'urllib',
      files: project(URLLIB.replace(/"(import .*)"\]/, '"«$1»"]')),
    },
    { title: 'wget, in a shell', files: project(WGET) },
    {
      title: 'curl that follows',
      files: project('["CMD", "curl", "-fsSL", "«http://localhost:8000/healthz»"]', AS_PROXY),
    },
    {
      title: 'another path left out',
      files: project(WGET, 'SECURE_REDIRECT_EXEMPT = [r"^status$"]'),
    },
    { title: 'a probe of Kubernetes', files: deployed('«httpGet»') },
    { title: 'a probe of a pod that starts gunicorn itself', files: commanded('«httpGet»') },
  ],
  good: [
    {
      title: 'a pod that starts gunicorn, and the path left out',
      files: commanded('httpGet', 'SECURE_REDIRECT_EXEMPT = [r"^healthz/$", "^status$"]'),
    },
    {
      title: 'a pod that starts gunicorn, and settings of another module',
      files: { ...commanded('httpGet'), 'shop/settings_production.py': 'from .settings import *\n' },
    },
    {
      title: 'a probe that leaves the path out',
      files: deployed('httpGet', '', 'SECURE_REDIRECT_EXEMPT = [r"^healthz$"]'),
    },
    {
      title: 'a probe with the header of a proxy',
      files: deployed('httpGet', 'httpHeaders: [{ name: X-Forwarded-Proto, value: https }]'),
    },
    {
      title: 'a probe with the name of the site, to which the kubelet does not follow',
      files: deployed('httpGet', 'httpHeaders: [{ name: Host, value: example.org }]'),
    },
    { title: 'the path left out', files: project(URLLIB, 'SECURE_REDIRECT_EXEMPT = [r"^healthz$"]') },
    {
      title: 'what proxies send of the scheme',
      files: project(
        '["CMD", "wget", "-qO-", "--header=X-Forwarded-Proto: https", "http://localhost:8000/healthz"]',
        AS_PROXY,
      ),
    },
    {
      title: 'curl that takes a redirect for an answer',
      files: project('["CMD", "curl", "-f", "http://localhost:8000/healthz"]'),
    },
    { title: 'no redirect', files: project(plain(WGET), '', { redirect: 'False' }) },
    {
      title: 'a redirect that the environment decides on',
      files: project(plain(WGET), '', { redirect: 'os.environ.get("TLS") == "1"' }),
    },
    { title: 'a redirect to the site', files: project(plain(WGET), 'SECURE_SSL_HOST = "example.org"') },
    {
      title: 'a middleware that may answer before',
      files: project(plain(WGET), '', { middleware: `"shop.health.HealthMiddleware", "${SECURITY}"` }),
    },
    { title: 'another port of the container', files: project(plain(WGET).replace('8000', '9000')) },
  ],
  *check(deployment) {
    const seen = new Set<Container>()
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      if (container === null || seen.has(container)) continue
      seen.add(container)
      const asked = followedRequest(container)
      const settings = asked === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (asked === null || settings === null || !isAsked(deployment, program, asked.port)) continue
      const redirect = settings.get('SECURE_SSL_REDIRECT')
      if (!isRedirected(settings, asked) || redirect?.at == null) continue
      const to = `https://${asked.host}${asked.port === 80 ? '' : `:${asked.port}`}${asked.path}`
      yield {
        at: asked.at,
        message: `\`SECURE_SSL_REDIRECT\` sends the check to \`${to}\`, where nothing speaks TLS, so the container is never healthy`,
        label: `redirected to \`${to}\``,
        related: [{ at: assignedValue(redirect.at), message: 'redirects all of plain HTTP' }],
        help: exemption(asked.path),
      }
    }
    for (const { probe, at, settings, path, isPlain } of probedPods(deployment)) {
      const redirect = settings.get('SECURE_SSL_REDIRECT')
      const isWritten = settings.expressionOf('SECURE_SSL_REDIRECT')?.expression.kind === 'boolean'
      if (
        !isPlain ||
        !isWritten ||
        redirect?.at == null ||
        !isRedirected(settings, { host: '10.1.2.3', path })
      )
        continue
      yield probeSent(probe, at, assignedValue(redirect.at), path)
    }
    for (const { probe, at, settings, path, isPlain } of commandedPods(deployment)) {
      const redirect = settings.written('SECURE_SSL_REDIRECT')
      if (redirect?.text === 'True' && isPlain && redirects(settings, path))
        yield probeSent(probe, at, redirect.at, path)
    }
  },
})

function probeSent(probe: string, at: Place, redirect: Place, path: string): RuleFinding {
  return {
    at,
    message: `\`SECURE_SSL_REDIRECT\` sends \`${probe}\` to https on the same port, and the kubelet follows it to the address of the pod: http: server gave HTTP response to HTTPS client`,
    label: 'in plain HTTP',
    related: [{ at: redirect, message: 'redirects all of plain HTTP' }],
    help: exemption(path),
  }
}

/** True for settings that are written out and redirect the path, unless its host is refused before. */
function redirects(settings: PlainSettings, path: string): boolean {
  const middleware = writtenTexts(settings.written('MIDDLEWARE')) ?? []
  const index = middleware.indexOf(SECURITY)
  const isFirst =
    index !== -1 && middleware.slice(0, index).every(each => /^(?:django|corsheaders)\./.test(each))
  if (!isFirst || !settings.lacks('SECURE_SSL_HOST')) return false
  const hosts = writtenTexts(settings.written('ALLOWED_HOSTS'))
  if (hosts?.every(each => !matchesHost('10.1.2.3', each.toLowerCase())) === true) return false
  if (settings.lacks('SECURE_REDIRECT_EXEMPT')) return true
  const patterns = writtenTexts(settings.written('SECURE_REDIRECT_EXEMPT'))
  return patterns?.every(each => mayNotMatch(each, path.slice(1))) === true
}

function exemption(path: string): string {
  return `Write \`SECURE_REDIRECT_EXEMPT = [r"^${path.slice(1)}$"]\``
}

/** What a check asks for that follows redirects, and sends no header of its own; null for any other. */
function followedRequest(container: Container): SelfCheck | null {
  const check = selfCheck(container)
  return check !== null &&
    FOLLOWS.test(check.text) &&
    !OTHER.test(check.text) &&
    /^[\w./-]+$/.test(check.path)
    ? check
    : null
}

const FOLLOWS =
  /\bwget\b|\bcurl\b[^|;&]*\s(?:-[a-zA-Z]*L[a-zA-Z]*|--location)\b|\burlopen\(|\brequests\.(?:get|head)\(/
/** Headers of its own, another way with redirects, and a check that never fails. */
const OTHER = /X-Forwarded|\s-H\b|--header|headers\s*=|Request\(|redirect|\|\|\s*(?:true\b|:|exit 0)/i

/** True where the program listens on the port, in plain HTTP whatever its script says. */
function isAsked(deployment: Deployment, program: AppServerProgram, port: number): boolean {
  const source = deployment.moduleOf(program)?.source
  if (source == null || source === 'missing' || /url_scheme|\bHTTPS\b/.test(source.code)) return false
  return program.sockets.some(
    ({ endpoint, protocol }) =>
      endpoint.known && endpoint.value.port === port && protocol.known && protocol.value === 'http',
  )
}

function isRedirected(settings: DjangoSettings, { host, path }: Pick<SelfCheck, 'host' | 'path'>): boolean {
  if (settingValue(settings, 'SECURE_SSL_REDIRECT') !== true || settings.get('SECURE_SSL_HOST') !== null)
    return false
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  const index = middleware?.indexOf(SECURITY) ?? -1
  // One before it that is not Django's own may answer by itself.
  const before = middleware?.slice(0, index) ?? []
  if (index === -1 || before.some(each => each === null || !/^(?:django|corsheaders)\./.test(each)))
    return false
  // Without the host, it is refused before it is redirected.
  const hosts = settingTexts(settings, 'ALLOWED_HOSTS')
  if (hosts?.some(each => each === null || matchesHost(host, each.toLowerCase())) !== true) return false
  const exempt = settings.get('SECURE_REDIRECT_EXEMPT')
  if (exempt === null) return true
  const patterns = settingTexts(settings, 'SECURE_REDIRECT_EXEMPT')
  return patterns?.every(each => each !== null && mayNotMatch(each, path.slice(1))) === true
}

/** True for a pattern of which it is sure that it does not match; Python's are JavaScript's where these are plain. */
function mayNotMatch(pattern: string, path: string): boolean {
  if (!/^[\w^$./\\|()?:*+-]*$/.test(pattern)) return false
  try {
    return !new RegExp(pattern).test(path)
  } catch {
    return false
  }
}
