import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'

const site = (lines: string): string => nginxMain(nginxServer(['root /srv/www;', lines]))

export default defineRule({
  summary: 'A cookie that the server itself sets lacks one of its flags',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `Secure` a cookie is sent in plain HTTP too, without `HttpOnly` scripts of the page read it, without `SameSite` each browser decides by itself whether requests from other sites carry it. What a cookie is for decides which of them it needs.',
  remedy: 'Set `Secure`, `HttpOnly` and `SameSite=Lax`, or leave out what its use forbids',
  controls: ['dev-sec nginx-16'],
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie',
    'https://nginx.org/en/docs/http/ngx_http_userid_module.html#userid_flags',
  ],
  bad: [
    {
      title: 'a cookie of `add_header`',
      files: { 'etc/nginx/nginx.conf': site('add_header Set-Cookie «"seen=1; Path=/; Secure"»;') },
    },
    {
      title: 'the cookie of `userid`',
      files: { 'etc/nginx/nginx.conf': site('userid «on»;') },
    },
    {
      title: 'Apache',
      files: {
        'etc/apache2/apache2.conf': fileHost('Header add Set-Cookie «"seen=1; HttpOnly; SameSite=Lax"»', '', [
          'headers',
        ]),
      },
    },
  ],
  good: [
    {
      title: 'with all of them',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          add_header Set-Cookie "seen=1; Path=/; Secure; HttpOnly; SameSite=Lax";
          userid on;
          userid_flags secure httponly samesite=lax;
        `),
      },
    },
    {
      title: 'a variable may hold them',
      files: { 'etc/nginx/nginx.conf': site('add_header Set-Cookie "seen=1; Path=/$flags";') },
    },
  ],
  *check({ nginx, apache }) {
    for (const { occurrences } of nginx) {
      for (const line of occurrences.get('add_header') ?? []) {
        const [name, value] = line.args
        if (name?.value.toLowerCase() !== 'set-cookie' || value === undefined) continue
        const lacking = lackingFlags(value.value)
        if (lacking !== null) yield { at: argumentPlace(line, 1), message: lacking }
      }
      for (const line of occurrences.get('userid') ?? []) {
        if (!/^(?:on|v1)$/.test(line.args[0]?.value ?? '') || occurrences.has('userid_flags')) continue
        yield {
          at: argumentPlace(line, 0),
          message: 'without `userid_flags` the cookie has neither `Secure` nor `HttpOnly` nor `SameSite`',
        }
      }
    }
    for (const { occurrences } of apache) {
      for (const line of occurrences.get('header') ?? []) {
        const header = headerLine(line)
        if (header?.name.toLowerCase() !== 'set-cookie' || header.value === null || header.valueAt === null)
          continue
        if (header.action.startsWith('edit')) continue
        const lacking = lackingFlags(header.value)
        if (lacking !== null) yield { at: header.valueAt, message: lacking }
      }
    }
  },
})

/** What a cookie lacks, in words; null where it has all, or a variable may bring it, or it is deleted. */
function lackingFlags(cookie: string): string | null {
  if (/[$%]|;\s*max-age=0\b|;\s*expires=[^;]*\b19[79]\d\b/i.test(cookie)) return null
  const flags = cookie.split(';').map(part => part.trim().toLowerCase())
  const lacking = ['Secure', 'HttpOnly', 'SameSite'].filter(
    flag => !flags.some(each => each === flag.toLowerCase() || each.startsWith(`${flag.toLowerCase()}=`)),
  )
  return lacking.length === 0 ? null : `the cookie has no ${lacking.map(flag => `\`${flag}\``).join(', no ')}`
}
