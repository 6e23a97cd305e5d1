import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { OutcomeEnd } from '../../src/servers/nginx/queries/outcome.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

const site = (lines: string, files: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      index index.php;
      location / {
          try_files $uri $uri/ /index.php?$args;
      }
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass 127.0.0.1:9000;
      }
      ${lines}
    `),
  ),
  'srv/www/index.php': "<?php require __DIR__ . '/wp-blog-header.php';\n",
  'srv/www/wp-blog-header.php': '<?php\n',
  ...files,
})

export default defineRule({
  summary: 'WordPress is not asked for the robots.txt that it makes',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'WordPress writes `/robots.txt` itself, with what its settings and plugins say of the sitemap and of pages that are not to be indexed. There is no such file, and a location for it that does not lead to `index.php` answers 404.',
  remedy: 'Write `try_files $uri /index.php?$args;` into the location',
  references: ['https://developer.wordpress.org/reference/functions/do_robots/'],
  bad: [
    {
      title: 'a location that only keeps it out of the log',
      files: site(conf`
        location = «/robots.txt» {
            log_not_found off;
            access_log off;
        }
      `),
    },
    {
      title: 'an expression for static files',
      files: site(conf`
        location ~* «\.(?:css|js|txt|xml)$» {
            expires 30d;
        }
      `),
    },
    {
      title: 'a fallback that ends in 404',
      files: site(conf`
        location = «/robots.txt» {
            try_files $uri =404;
        }
      `),
    },
  ],
  good: [
    {
      title: 'it leads to WordPress',
      files: site(conf`
        location = /robots.txt {
            try_files $uri /index.php?$args;
            access_log off;
        }
      `),
    },
    {
      title: 'a file',
      files: site('location = /robots.txt { access_log off; }', { 'srv/www/robots.txt': 'User-agent: *\n' }),
    },
    {
      title: 'an answer of its own',
      files: site('location = /robots.txt { return 200 "User-agent: *\\nDisallow: /\\n"; }'),
    },
    {
      title: 'something else than WordPress',
      files: Object.fromEntries(
        Object.entries(site('location = /robots.txt { access_log off; }')).filter(
          ([path]) => !path.endsWith('wp-blog-header.php'),
        ),
      ),
    },
    { title: 'no location of its own', files: site('') },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const files = deployment.filesOf(configuration)
      for (const { server, path } of rootsOfSites(deployment, configuration)) {
        if (files.kind(`${path}/wp-blog-header.php`) !== 'file' || files.kind(`${path}/robots.txt`) !== null)
          continue
        const answer = askServer(deployment, server, ROBOTS, { assume: supposed })
        const other = askServer(deployment, server, `/${MISSING}`)
        if (answer === null || other === null || !isNotFound(answer.end) || other.end.kind !== 'pass')
          continue
        const selected = selectLocation(configuration, server.directive, ROBOTS)
        const location = selected.known ? selected.value.location : null
        if (location === null || location.directive.children.some(({ name }) => name === 'return')) continue
        yield {
          at: location.at,
          message: `there is no \`${path}/robots.txt\`, and this location answers 404 in place of WordPress, which makes the page`,
          label: 'not asked of `index.php`',
        }
      }
    }
  },
})

const ROBOTS = '/robots.txt'

/** WordPress lies there, and this file does not lie beside it; scripts may. */
function supposed(path: string): 'file' | null | undefined {
  return path.endsWith(ROBOTS) ? null : path.endsWith('.php') ? 'file' : undefined
}

function isNotFound(end: OutcomeEnd): boolean {
  return end.kind === 'response' && end.status === 404
}
