import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { unloadedModules } from './_unloaded-modules.ts'

const main = (top: string, lines: string): string => conf`
  user www-data;
  pid /run/nginx.pid;
  ${top}
  events {
  }
  http {
      ${lines}
      include /etc/nginx/sites-enabled/*;
  }
`
const SITE = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
  }
`
const tree = (top: string, lines: string, site = SITE): Readonly<Record<string, string>> => ({
  'etc/nginx/nginx.conf': main(top, lines),
  'etc/nginx/sites-enabled/site': site,
})
const HIDES = conf`
  «more_clear_headers» Server;
  more_set_headers "X-Robots-Tag: noindex";
`

export default defineRule({
  summary: 'A directive of a dynamic module that `nginx.conf` does not load',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: "The packages of Debian and Ubuntu have these modules as files, each with one in `modules-enabled` that loads it. A main file without `include /etc/nginx/modules-enabled/*.conf`, and without a `load_module`, loads none, whichever packages are installed: `unknown directive`, and nginx does not start. An nginx of one's own may have the module built in.",
  remedy:
    'Write `include /etc/nginx/modules-enabled/*.conf;` at the top of `nginx.conf`, outside of every block, and install the package of the module',
  references: [
    'https://nginx.org/en/docs/ngx_core_module.html#load_module',
    'https://wiki.debian.org/Nginx/DirectoryStructure',
  ],
  unproven: 'Which modules an nginx was built with, no configuration shows',
  bad: [
    { title: 'headers of headers-more', files: tree('', HIDES) },
    {
      title: 'one module is loaded, and another is not',
      files: tree(
        'load_module modules/ngx_http_headers_more_filter_module.so;',
        'more_clear_headers Server;',
        conf`
          server {
              listen 80;
              root /srv/files;
              «fancyindex» on;
              fancyindex_exact_size off;
          }
        `,
      ),
    },
    {
      title: 'a module of nginx itself that is a file in every package',
      files: tree('', '«geoip_country» /usr/share/GeoIP/GeoIP.dat;'),
    },
  ],
  good: [
    { title: 'the files of the packages', files: tree('include /etc/nginx/modules-enabled/*.conf;', HIDES) },
    {
      title: 'the module is loaded',
      files: tree('load_module modules/ngx_http_headers_more_filter_module.so;', HIDES),
    },
    {
      title: 'a build with more than the packages have',
      files: tree(
        '',
        conf`
          ${HIDES}
          vhost_traffic_status_zone;
        `,
      ),
    },
    { title: 'a build of others', files: tree('', `# OpenResty\n${HIDES}`) },
    {
      title: 'a layout that no package of Debian has',
      files: {
        'etc/nginx/nginx.conf': conf`
          user nginx;
          events {
          }
          http {
              ${HIDES}
              include /etc/nginx/conf.d/*.conf;
          }
        `,
        'etc/nginx/conf.d/site.conf': SITE,
      },
    },
    {
      title: 'Debian before its modules were files',
      files: {
        'etc/nginx/nginx.conf': main('', HIDES).replace('/run/nginx.pid', '/var/run/nginx.pid'),
        'etc/nginx/sites-enabled/site': SITE,
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx)
      for (const { directive, module, package: name } of unloadedModules(configuration))
        yield {
          at: namePlace(directive),
          message: `\`${directive.name}\` is of the module \`${module}\`, which nothing loads: unknown directive "${directive.name}"`,
          label: 'nginx does not start',
          help: `Install \`${name}\`, and write \`include /etc/nginx/modules-enabled/*.conf;\` at the top of \`nginx.conf\``,
        }
  },
})
