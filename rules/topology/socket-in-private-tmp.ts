import { programName } from '../../src/deployment/destination-words.ts'
import type { Program } from '../../src/deployment/model.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (path: string, marked = true): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass ${marked ? `«http://unix:${path}»` : `http://unix:${path}`};
      }
    `),
  )
const unit = (path: string, lines = ''): string => conf`
  [Service]
  ${lines}
  ExecStart=/usr/bin/gunicorn --bind unix:${path} shop.wsgi
`
const NGINX_UNIT = conf`
  [Service]
  Type=forking
  ExecStart=/usr/sbin/nginx
  PrivateTmp=true
`

export default defineRule({
  summary: 'A socket lies in /tmp, and a unit has a /tmp of its own',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `PrivateTmp=true`, as Fedora and RHEL ship the unit of nginx, a service sees an empty `/tmp` and `/var/tmp` that nobody else shares. A socket that the one makes there is not there for the other: 502 Bad Gateway, `connect() to unix:/tmp/… failed (2: No such file or directory)`.',
  remedy: 'Put the socket below `/run`, with `RuntimeDirectory=` in the unit that makes it',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#PrivateTmp=',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=',
  ],
  bad: [
    {
      title: 'the unit of nginx',
      files: {
        'etc/nginx/nginx.conf': nginx('/tmp/shop.sock'),
        'usr/lib/systemd/system/nginx.service': NGINX_UNIT,
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
      },
    },
    {
      title: 'the unit of the application',
      files: {
        'etc/nginx/nginx.conf': nginx('/var/tmp/shop.sock'),
        'etc/systemd/system/shop.service': unit('/var/tmp/shop.sock', 'PrivateTmp=yes'),
      },
    },
  ],
  good: [
    {
      title: 'a directory below /run',
      files: {
        'etc/nginx/nginx.conf': nginx('/run/shop/shop.sock', false),
        'usr/lib/systemd/system/nginx.service': NGINX_UNIT,
        'etc/systemd/system/shop.service': unit('/run/shop/shop.sock', 'PrivateTmp=yes'),
      },
    },
    {
      title: 'one /tmp for both',
      files: {
        'etc/nginx/nginx.conf': nginx('/tmp/shop.sock', false),
        'etc/systemd/system/nginx.service': NGINX_UNIT.replace('true', 'false'),
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
      },
    },
    {
      title: 'the private one of the other unit',
      files: {
        'etc/nginx/nginx.conf': nginx('/tmp/shop.sock', false),
        'etc/systemd/system/shop.service': conf`
          [Unit]
          JoinsNamespaceOf=nginx.service
          ${unit('/tmp/shop.sock', 'PrivateTmp=yes')}
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const { from, targets } of connections.all) {
      for (const { address, to, at } of targets) {
        if (address.kind !== 'unix' || !/^\/(?:var\/)?tmp\//.test(address.path)) continue
        const owner = to.kind === 'listener' ? to.listener.program : null
        const own = privateTmp(from)
        const other = owner === null || opensInUnit(owner) ? null : privateTmp(owner)
        const found = own ?? other
        if (found === null) continue
        const name = own === null && owner !== null ? programName(owner) : programName(from)
        yield {
          at,
          message: `${name} has a \`/tmp\` of its own, so \`${address.path}\` is not the same file for both`,
          label: 'another /tmp',
          related: [
            { at: found, message: `the unit of ${name}` },
            ...(to.kind === 'listener' ? [{ at: to.listener.at, message: 'the socket is made here' }] : []),
          ],
        }
      }
    }
  },
})

/** True where systemd itself opens the socket, before there is a private directory. */
function opensInUnit(program: Program): boolean {
  return program.kind === 'app-server' && program.sockets.some(({ unit }) => unit !== null)
}

/** Where a unit says so; null where it does not, or shares the directory of another. */
function privateTmp(program: Program): Place | null {
  const service = serviceOf(program)
  if (service?.privateTmp?.known !== true || !service.privateTmp.value) return null
  if (service.unit.settings.some(({ name }) => name === 'JoinsNamespaceOf')) return null
  return service.privateTmp.at
}
