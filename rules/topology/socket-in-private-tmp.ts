import { programName } from '../../src/deployment/destination-words.ts'
import type { Deployment, Program } from '../../src/deployment/model.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

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
const apache = (path: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / ${path}|http://127.0.0.1/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  )
const DROP_IN = 'etc/systemd/system/apache2.service.d/tmp.conf'

export default defineRule({
  summary: 'A socket lies in /tmp, and a unit has a /tmp of its own',
  severity: 'error',
  otherSeverities: { warning: 'where the unit is the one that comes with Apache, and not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With `PrivateTmp=true`, as Fedora and RHEL ship the unit of nginx, and all distributions that of Apache, a service sees an empty `/tmp` and `/var/tmp` that nobody else shares. A socket that the one makes there is not there for the other: 502 Bad Gateway, `connect() to unix:/tmp/… failed (2: No such file or directory)`, or 503 Service Unavailable, `AH02454: HTTP: attempt to connect to Unix domain socket /tmp/… failed`.',
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
    {
      title: 'the unit of the application, and three slashes',
      files: {
        'etc/nginx/nginx.conf': nginx('///tmp/shop.sock'),
        'etc/systemd/system/shop.service': unit('///tmp/shop.sock', 'PrivateTmp=yes'),
      },
    },
    {
      title: 'the unit of the application, and three slashes as the documentation of uWSGI has them',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                uwsgi_pass «unix:///tmp/shop.sock»;
            }
          `),
        ),
        'etc/systemd/system/shop.service': conf`
          [Service]
          PrivateTmp=yes
          ExecStart=/usr/bin/uwsgi --socket /tmp/shop.sock --module shop.wsgi
        `,
      },
    },
    {
      title: 'the unit of Apache',
      files: {
        'etc/apache2/apache2.conf': apache('«unix:/tmp/shop.sock').replace('0.1/', '$&»'),
        'lib/systemd/system/apache2.service': conf`
          [Service]
          Type=forking
          PrivateTmp=true
          ExecStart=/usr/sbin/apachectl start
        `,
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
      },
    },
    {
      title: 'the unit that comes with Apache',
      files: {
        'etc/httpd/conf/httpd.conf': apache('«unix:/tmp/shop.sock').replace('0.1/', '$&»'),
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
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
    {
      title: 'one /tmp for Apache and the application',
      files: {
        'etc/apache2/apache2.conf': apache('unix:/tmp/shop.sock'),
        [DROP_IN]: conf`
          [Service]
          PrivateTmp=false
        `,
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
      },
    },
    {
      title: 'the private one of Apache',
      files: {
        'etc/apache2/apache2.conf': apache('unix:/tmp/shop.sock'),
        'etc/systemd/system/shop.service': conf`
          [Unit]
          JoinsNamespaceOf=apache2.service
          ${unit('/tmp/shop.sock', 'PrivateTmp=yes')}
        `,
      },
    },
    {
      title: 'an Apache that nobody has installed from a package',
      files: {
        'usr/local/apache2/conf/httpd.conf': apache('unix:/tmp/shop.sock'),
        'etc/systemd/system/shop.service': unit('/tmp/shop.sock'),
      },
    },
    {
      title: 'a release whose Apache had no unit',
      files: {
        'deploy/apache.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              ProxyPass / unix:/tmp/shop.sock|http://127.0.0.1/
          </VirtualHost>
        `,
        'deploy/shop.service': unit('/tmp/shop.sock'),
        Vagrantfile: 'Vagrant.configure("2") { |config| config.vm.box = "ubuntu/xenial64" }\n',
      },
    },
  ],
  *check(deployment) {
    for (const { from, targets } of deployment.connections.all) {
      for (const { address, to, at } of targets) {
        if (address.kind !== 'unix' || !/^\/(?:var\/)?tmp\//.test(address.path)) continue
        const owner = to.kind === 'listener' ? to.listener.program : null
        if (sharesTmp(from) || (owner !== null && sharesTmp(owner))) continue
        const own = privateTmp(from)
        const other = owner === null || opensInUnit(owner) ? null : privateTmp(owner)
        const found = own ?? other
        if (found === null) {
          if (owner === null || !isPrivateByPackage(deployment, from, owner)) continue
          yield {
            at,
            severity: 'warning' as const,
            message: `the unit that comes with Apache says \`PrivateTmp=true\`, so \`${address.path}\` is not the same file for both`,
            label: 'another /tmp',
            related:
              to.kind === 'listener' ? [{ at: to.listener.at, message: 'the socket is made here' }] : [],
          }
          continue
        }
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
  return service?.privateTmp?.known === true && service.privateTmp.value ? service.privateTmp.at : null
}

/** True for a unit that sees the directory of another. */
function sharesTmp(program: Program): boolean {
  return serviceOf(program)?.unit.settings.some(({ name }) => name === 'JoinsNamespaceOf') ?? false
}

/**
 * True for an Apache of which the audit has no unit and which is started by the one of its package, as those of Debian,
 * Fedora, SUSE and Arch are: with a directory of its own. The socket is that of another unit.
 */
function isPrivateByPackage({ setups }: Deployment, program: Program, owner: Program): boolean {
  if (program.kind !== 'apache' || program.machine.container !== null) return false
  const { main } = program.configuration
  if (main !== null && !/^\/etc\/(?:apache2|httpd)\//.test(main.path)) return false
  const service = serviceOf(program)
  if (service !== null && (service.unit.main !== null || service.privateTmp !== null)) return false
  const isOfOtherUnit =
    serviceOf(owner) !== null || (owner.kind === 'app-server' && owner.by === 'supervisord')
  if (!isOfOtherUnit || opensInUnit(owner)) return false
  return !(setups() ?? []).some(({ text }) => BEFORE_UNITS.test(text))
}

/** Releases of Debian and Ubuntu whose Apache is started by a script. */
const BEFORE_UNITS = /\b(?:wheezy|jessie|precise|trusty|xenial|(?:12|14|16)\.04)/
