import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { nginxLine, reachedHosts, reachedServers } from './_servers.ts'

/** Directories of the packages, by what lies in them. */
const NGINX = /^\/usr\/share\/nginx\/(?:html|www)$|^\/etc\/nginx\/html$/
const APACHE: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\/usr\/(?:share\/apache2\/icons|share\/httpd\/icons|local\/apache2\/icons)$/, 'the icons of listings'],
  [
    /^\/usr\/(?:share\/doc\/apache2-doc\/manual|share\/httpd\/manual|local\/apache2\/manual)$/,
    'Apache’s manual',
  ],
  [/^\/usr\/lib\/cgi-bin$/, 'every program that a package puts there'],
]

export default defineRule({
  summary: 'What came with the package is served',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The welcome page, icons, manuals and programs in `cgi-bin` tell what runs there, and nobody looks after them.',
  remedy: 'Remove the server or the `Alias`, or serve a directory of your own',
  controls: ['CIS nginx 2.5.2', 'CIS Apache 5.4', 'CIS Apache 8.3', 'dev-sec nginx-03'],
  references: ['https://httpd.apache.org/docs/2.4/misc/security_tips.html'],
  bad: [
    {
      title: 'nginx’s welcome page',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('root «/usr/share/nginx/html»;')) },
    },
    {
      title: 'Debian’s first site',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(['root /var/www/html;', 'index index.html «index.nginx-debian.html»;']),
        ),
      },
    },
    {
      title: 'Debian’s icons and programs',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          'ScriptAlias /cgi-bin/ «/usr/lib/cgi-bin/»',
          'Alias /icons/ «"/usr/share/apache2/icons/"»',
          ['alias'],
        ),
      },
    },
  ],
  good: [
    {
      title: 'a site of its own',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')) },
    },
    {
      title: 'the pages of errors alone, as nginx’s own example has it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
            error_page 500 502 /50x.html;
            location = /50x.html {
                root /usr/share/nginx/html;
            }
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const index = nginxLine(server, 'index')
      const debian = index?.args.findIndex(({ value }) => value === 'index.nginx-debian.html') ?? -1
      if (index != null && debian !== -1)
        yield {
          at: argumentPlace(index, debian),
          per: 'servers',
          message: often => `this is the site that came with the package${often}`,
        }
      const line = nginxLine(server, 'root')
      if (line == null || !NGINX.test(directory(line.args[0]?.value))) continue
      const end = askServer(deployment, server, PATHS.startPage)?.end
      const isServed = end?.kind === 'file' || (end?.kind === 'response' && [403, 404].includes(end.status))
      if (!isServed) continue
      yield {
        at: argumentPlace(line, 0),
        per: 'servers',
        message: often => `nginx serves the pages that came with it${often}`,
      }
    }
    for (const { configuration, host } of reachedHosts(deployment)) {
      for (const name of ['alias', 'scriptalias']) {
        const byHost = directivesByHost(configuration, name)
        const own = host === null ? [] : (byHost.get(host.directive) ?? [])
        for (const line of [...(byHost.get(null) ?? []), ...own]) {
          const what = APACHE.find(([pattern]) => pattern.test(directory(line.args[1]?.value)))?.[1]
          if (what !== undefined)
            yield { at: argumentPlace(line, 1), message: `\`${line.args[0]?.value}\` serves ${what}` }
        }
      }
    }
  },
})

function directory(written = ''): string {
  return written.replace(/\/+$/, '')
}
