import { placeOf } from '../../parsers/text/written-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { healthCheck } from '../../src/deployment/containers/health-check.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from './_examples.ts'
import { settingTexts, settingValue } from './_setting-entries.ts'

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

export default defineRule({
  summary: 'The health check asks Django for a host that it does not answer',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A health check inside of the container asks for `localhost`, and `CommonMiddleware` answers 400 to every host that is not in `ALLOWED_HOSTS`. `curl -f` and `wget` take that for a failure: the container is unhealthy for ever, and what waits for it with `condition: service_healthy` never starts.',
  remedy:
    'Send the name of the site, `curl -f -H "Host: example.org" …`, or add `localhost` to `ALLOWED_HOSTS`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts',
    'https://docs.docker.com/reference/compose-file/services/#healthcheck',
  ],
  bad: [
    {
      title: 'curl',
      files: project('["CMD", "curl", "-f", "«http://localhost:8000/»"]'),
    },
    { title: 'wget, in a shell', files: project('«wget -qO- http://127.0.0.1:8000/health/ || exit 1»') },
  ],
  good: [
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
      if (asked === null || settings === null || !isRefused(settings, asked.host)) continue
      yield {
        at: asked.at,
        message: `\`ALLOWED_HOSTS\` does not have \`${asked.host}\`, so Django answers 400, and the container is never healthy: Invalid HTTP_HOST header`,
        label: `for \`${asked.host}\``,
        related: [],
        help: `Add \`${asked.host}\` to \`ALLOWED_HOSTS\``,
      }
    }
  },
})

/** The host for which a check asks that fails with every answer of 400; null where it asks for none. */
function askedHost(container: Container): { readonly host: string; readonly at: Place } | null {
  const check = healthCheck(container)
  const [first] = check?.words ?? []
  if (check === null || first === undefined) return null
  const text = check.words.map(word => word.text).join(' ')
  if (
    !/\bwget\b|\bcurl\b[^|;&]*\s(?:-\w*f\w*|--fail)\b|urlopen\(/.test(text) ||
    /\bHost\b|-H\b|--header/i.test(text)
  )
    return null
  const host = /http:\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(?:\/|["'\s)]|$)/.exec(text)?.[1]
  if (host === undefined) return null
  const word = check.words.find(each => each.text.includes(`http://${host}`)) ?? first
  return { host, at: placeOf(word) }
}

function isRefused(settings: DjangoSettings, host: string): boolean {
  const hosts = settingTexts(settings, 'ALLOWED_HOSTS')
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  if (hosts === null || middleware === null || settingValue(settings, 'DEBUG') !== false) return false
  const common = middleware.indexOf('django.middleware.common.CommonMiddleware')
  // One before it that is not Django's own may answer by itself.
  const before = middleware.slice(0, common)
  if (common === -1 || before.some(each => each === null || !OF_DJANGO.test(each))) return false
  return hosts.every(
    each => each !== null && each !== '*' && each.toLowerCase() !== host && each !== `.${host}`,
  )
}

const OF_DJANGO = /^(?:django\.|whitenoise\.|corsheaders\.)/
