import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, settingValue } from './_setting-entries.ts'

const project = (settings: string): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org"]
      EMAIL_HOST = "smtp.example.net"
      ${settings}
    `,
  })

export default defineRule({
  summary: 'Django speaks to the mail server in another way than its port wants',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'On port 465 a mail server begins with the TLS handshake, which is `EMAIL_USE_SSL`; on 587 and 25 it greets in plain text, and `STARTTLS` follows: `EMAIL_USE_TLS`. With the other one both sides wait, and the request hangs until gunicorn kills its worker, for Django waits for mail servers without a limit; or it ends with `[SSL: WRONG_VERSION_NUMBER]`. Django refuses both together.',
  remedy:
    'Write `EMAIL_PORT = 587` and `EMAIL_USE_TLS = True`, or `EMAIL_PORT = 465` and `EMAIL_USE_SSL = True`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#email-use-tls',
    'https://docs.djangoproject.com/en/stable/ref/settings/#email-use-ssl',
  ],
  unproven: 'It shows when a mail is sent, and the live tests have no mail server',
  bad: [
    {
      title: 'the port in the name',
      files: project('EMAIL_HOST = «"smtp.example.org:587"»\nEMAIL_USE_TLS = True\nEMAIL_PORT = 587'),
    },
    {
      title: 'STARTTLS on the port of TLS',
      files: project(conf`
        EMAIL_PORT = 465
        EMAIL_USE_TLS = «True»
      `),
    },
    {
      title: 'TLS on the port of STARTTLS',
      files: project(conf`
        EMAIL_PORT = 587
        EMAIL_USE_SSL = «True»
      `),
    },
    { title: 'TLS on the port that Django has by itself', files: project('EMAIL_USE_SSL = «True»') },
    {
      title: 'both',
      files: project(conf`
        EMAIL_PORT = 465
        EMAIL_USE_TLS = «True»
        EMAIL_USE_SSL = True
      `),
    },
  ],
  good: [
    {
      title: 'STARTTLS',
      files: project(conf`
        EMAIL_PORT = 587
        EMAIL_USE_TLS = True
      `),
    },
    {
      title: 'TLS',
      files: project(conf`
        EMAIL_PORT = 465
        EMAIL_USE_SSL = True
      `),
    },
    {
      title: 'a port that another file knows',
      files: project(conf`
        from shop.secret import EMAIL_PORT
        EMAIL_USE_TLS = True
      `),
    },
    {
      title: 'a port of one’s own',
      files: project(conf`
        EMAIL_PORT = 2465
        EMAIL_USE_SSL = True
      `),
    },
    {
      title: 'mail that goes another way',
      files: project(conf`
        EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
        EMAIL_PORT = 465
        EMAIL_USE_TLS = True
      `),
    },
  ],
  *check(deployment) {
    for (const { settings } of djangoProjects(deployment)) {
      const backend = settings.get('EMAIL_BACKEND')
      if (backend !== null && settingValue(settings, 'EMAIL_BACKEND') !== SMTP) continue
      yield* hostWithPort(settings)
      const fault = faultOf(settings)
      const at = fault === null ? null : entryPlace(settings, fault.name, [], 'value')
      if (fault === null || at === null) continue
      const other = entryPlace(settings, fault.beside, [], 'value')
      yield {
        at,
        message: fault.message,
        label: fault.label,
        related: other === null ? [] : [{ at: other, message: 'set here' }],
      }
    }
  },
})

/** Django gives the port by itself, so that Python looks the whole text up as one name. */
function* hostWithPort(settings: DjangoSettings): Iterable<RuleFinding> {
  const host = settingValue(settings, 'EMAIL_HOST')
  const [, scheme, name, port] =
    typeof host === 'string' ? (/^(\w+:\/\/)?([\w.-]+?)(?::(\d+))?\/?$/.exec(host) ?? []) : []
  if (name === undefined || (scheme === undefined && port === undefined)) return
  const at = entryPlace(settings, 'EMAIL_HOST', [], 'value')
  if (at !== null)
    yield {
      at,
      message:
        '`EMAIL_HOST` is the name alone, so Django sends no mail: socket.gaierror: Name or service not known',
      label: scheme === undefined ? 'with the port' : 'a URL',
      help: `Write \`EMAIL_HOST = "${name}"\`${port === undefined ? '' : ` and \`EMAIL_PORT = ${port}\``}`,
    }
}

const SMTP = 'django.core.mail.backends.smtp.EmailBackend'

interface Fault {
  readonly name: string
  /** The setting that it does not go with. */
  readonly beside: string
  readonly message: string
  readonly label: string
}

function faultOf(settings: DjangoSettings): Fault | null {
  const tls = settingValue(settings, 'EMAIL_USE_TLS') === true
  const ssl = settingValue(settings, 'EMAIL_USE_SSL') === true
  if (tls && ssl)
    return {
      name: 'EMAIL_USE_TLS',
      beside: 'EMAIL_USE_SSL',
      message:
        'Django sends no mail: EMAIL_USE_TLS/EMAIL_USE_SSL are mutually exclusive, so only set one of those settings to True',
      label: 'beside `EMAIL_USE_SSL`',
    }
  // One that the environment decides may be the one that is needed.
  const other = settings.get(tls ? 'EMAIL_USE_SSL' : 'EMAIL_USE_TLS')
  const port = settings.get('EMAIL_PORT') === null ? 25 : Number(settingValue(settings, 'EMAIL_PORT'))
  if (other !== null && !other.known) return null
  if (tls && port === 465)
    return {
      name: 'EMAIL_USE_TLS',
      beside: 'EMAIL_PORT',
      message:
        'port 465 wants TLS from the first byte, and Django waits there for a greeting in plain text: every mail hangs',
      label: '`STARTTLS`',
    }
  if (ssl && (port === 587 || port === 25))
    return {
      name: 'EMAIL_USE_SSL',
      beside: 'EMAIL_PORT',
      message: `port ${port} begins in plain text, so Django sends no mail: [SSL: WRONG_VERSION_NUMBER]`,
      label: 'TLS from the first byte',
    }
  return null
}
