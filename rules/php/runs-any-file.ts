import { argumentPlace } from '../../src/deployment/places.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { phpPool, phpSite } from './_examples.ts'

const tree = (site: string, pool: string, ini = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': site,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...(ini === '' ? {} : { 'etc/php/8.2/fpm/php.ini': ini }),
})

export default defineRule({
  summary: 'PHP runs any file, whatever its name ends in',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.8,
  cwe: [434, 94],
  since: '0.1.0',
  why: 'nginx sends PHP every URL that ends in `.php`, whether there is such a file or not. PHP then walks back along the path to a file that is there, and an empty `security.limit_extensions` lets it run that: `/uploads/picture.jpg/x.php` runs what is in a picture that anybody may have uploaded.',
  remedy:
    'Take the line out of the pool, so that `.php` and `.phar` alone are run, and write `try_files $uri =404;` in the location of scripts',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#security-limit-extensions',
    'https://www.php.net/manual/en/ini.core.php#ini.cgi.fix-pathinfo',
  ],
  bad: [{ title: 'no ending is asked for', files: tree(phpSite(''), '«security.limit_extensions =»') }],
  good: [
    { title: 'the endings that FPM has by itself', files: tree(phpSite(''), '') },
    {
      title: 'nginx looks for the script',
      files: tree(phpSite('try_files $uri =404;'), 'security.limit_extensions ='),
    },
    {
      title: 'a file that may look for the script is not here',
      files: tree(phpSite('include /opt/shop/php.conf;'), 'security.limit_extensions ='),
    },
    {
      title: 'PHP does not walk back',
      files: tree(phpSite(''), 'security.limit_extensions =', 'cgi.fix_pathinfo = 0\n'),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const { program } = to.listener
        const endings = program.pool.limitExtensions
        if (endings?.known !== true || endings.value.length > 0 || endings.at === null) continue
        const walks = program.phpSetting('cgi.fix_pathinfo')
        if (walks !== null && (!walks.known || /^\s*(?:0|off|no|)\s*$/i.test(walks.value))) continue
        const [request] = requestsToServer(deployment, connection.server, URL_OF_PICTURE)
        const end = request === undefined ? null : probe(deployment, request).end
        if (end?.kind !== 'backend' || end.connection !== connection) continue
        if (end.script?.endsWith(URL_OF_PICTURE) !== true) continue
        const { block } = connection
        const { source, start, end: last } = endings.at
        yield {
          // The value is empty: the line is what has to go.
          at: { source, start: source.text.lastIndexOf('\n', start - 1) + 1, end: last },
          message: `\`${URL_OF_PICTURE}\` makes PHP run the picture`,
          label: 'any ending',
          related: [
            {
              at: block.name === 'location' ? readLocation(block).at : argumentPlace(connection.pass, 0),
              message: 'nginx looks for no file before',
            },
          ],
        }
      }
    }
  },
})

const URL_OF_PICTURE = '/uploads/picture.jpg/x.php'
