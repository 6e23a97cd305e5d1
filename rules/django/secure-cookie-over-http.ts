import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { assignedValue } from './_behind-nginx.ts'
import { waysByRunner } from './_connections.ts'
import { djangoInApache, djangoBehindNginx, TLS } from './_examples.ts'

const SETTINGS = conf`
  ALLOWED_HOSTS = ["example.org"]
  SESSION_COOKIE_SECURE = «True»
`
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')

export default defineRule({
  summary: 'Cookies that browsers send by TLS alone, for a site without TLS',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A browser neither keeps nor sends a cookie with `Secure` by plain HTTP. Where nothing in front of nginx terminates TLS, every login is lost at once, and every form is refused: `CSRF cookie not set`.',
  remedy: 'Serve the site by TLS, or turn the setting off where it is tried without',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#session-cookie-secure'],
  bad: [
    { title: 'a site of plain HTTP', files: djangoBehindNginx({ settings: SETTINGS }) },
    {
      title: 'a site of plain HTTP, in mod_wsgi',
      files: djangoInApache({ settings: 'SESSION_COOKIE_SECURE = «True»' }),
    },
  ],
  good: [
    { title: 'TLS', files: djangoBehindNginx({ settings: plain(SETTINGS), listen: '443 ssl', site: TLS }) },
    {
      title: 'a proxy in front that says the scheme',
      files: djangoBehindNginx({
        settings: plain(SETTINGS),
        headers: conf`
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        `,
      }),
    },
    {
      title: 'turned off',
      files: djangoBehindNginx({ settings: plain(SETTINGS).replace('True', 'False') }),
    },
  ],
  *check(deployment) {
    for (const all of waysByRunner(deployment)) {
      const [first] = all
      const plainListen = first && directPlainListens(deployment, first.connection.server)[0]
      if (first === undefined || plainListen === undefined) continue
      if (!all.every(({ connection }) => isPlain(connection))) continue
      for (const name of ['SESSION_COOKIE_SECURE', 'CSRF_COOKIE_SECURE']) {
        const fact = first.settings.get(name)
        if (fact?.known !== true || fact.value !== true || fact.at === null) continue
        yield {
          at: assignedValue(fact.at),
          message: `\`${name}\` is on, and nginx serves this application by plain HTTP alone`,
          label: 'no browser sends the cookie',
          related: [{ at: plainListen.at, message: 'plain HTTP' }],
        }
      }
    }
  },
})

/** True where nothing says that something in front terminates TLS. */
function isPlain({ server, headers }: NginxConnection): boolean {
  if (server.tls || headers.open) return false
  return !headers.written.some(
    ({ name, state, value }) =>
      /^x-forwarded-(?:proto|ssl|scheme|port)$/.test(name) &&
      (state === 'passed' || /https|on|443|\$(?!scheme)/.test(value)),
  )
}
