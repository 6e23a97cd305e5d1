import { namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer, proxiedServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { hostPlace, reachedHosts, reachedServers } from './_servers.ts'

/** A name that no rule of a package knows, as `.ht*` is. */
const HIDDEN = `/.${EXISTING}`

export default defineRule({
  summary: 'A file whose name begins with a dot would be served',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Nothing hidden has to lie there today: a checkout, an editor or a deployment leaves one behind some day. Those that lie there are reported without being asked for (`static-files/dotfiles-served`, `apache/private-files-served`).',
  remedy:
    'Refuse them: `location ~ /\\.(?!well-known/) { deny all; }` in nginx, `<LocationMatch "/\\.(?!well-known)">` with `Require all denied` in Apache',
  controls: ['CIS nginx 2.5.3'],
  references: ['https://www.rfc-editor.org/rfc/rfc8615'],
  bad: [
    {
      title: 'nginx',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')).replace('server', '«server»'),
      },
    },
    {
      title: 'Apache, where `.ht*` alone is refused',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          conf`
            <FilesMatch "^\.ht">
                Require all denied
            </FilesMatch>
          `,
        ).replace('<VirtualHost', '<«VirtualHost»'),
      },
    },
  ],
  good: [
    {
      title: 'refused',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location ~ /\.(?!well-known/) {
                deny all;
            }
          `),
        ),
      },
    },
    {
      title: 'refused by Apache',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          conf`
            <LocationMatch "/\.(?!well-known)">
                Require all denied
            </LocationMatch>
          `,
        ),
      },
    },
    { title: 'an application answers', files: { 'etc/nginx/nginx.conf': nginxMain(proxiedServer()) } },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      if (askServer(deployment, server, HIDDEN)?.end.kind !== 'file') continue
      yield {
        at: namePlace(server.directive),
        cause: server.configuration,
        per: 'servers',
        message: often => `a file such as \`.backup\` in the document root would be served${often}`,
        also: 'and here',
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const at = hostPlace(asked)
      const { end, steps } = askHost(deployment, asked, HIDDEN)
      if (at === null || end.kind !== 'file' || steps.some(({ kind }) => kind === 'doubt')) continue
      yield {
        at,
        cause: asked.configuration,
        per: 'virtual hosts',
        message: often => `a file such as \`.backup\` in the document root would be served${often}`,
        also: 'and here',
      }
    }
  },
})
