import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askHtaccess } from '../../src/deployment/requests/ask-htaccess.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheOutcome } from '../../src/servers/apache/requests/outcome.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { applicationIn } from './_application-in.ts'
import { phpPool } from './_examples.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

const FPM = conf`
  include fastcgi_params;
  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
`
const site = (fallback: string, pass = FPM, more = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      index index.php;
      location / {
          try_files ${fallback};
      }
      ${more}
      location ~ \.php$ {
          ${pass}
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/www/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
})
const RULES = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule ^(.*)$ index.php [QSA,L]
`

export default defineRule({
  summary: 'Pages that a `.htaccess` leads to a script are answered with 404 by nginx',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx reads no `.htaccess`. The one of the site has Apache answer every URL that is no file by one script, which knows the pages. nginx looks for a file, finds none, and answers 404 to every page but the start page, be PHP-FPM behind it or an Apache that it passes the scripts to alone.',
  remedy: 'Write `try_files $uri $uri/ /index.php?$args;` in `location /`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
    'https://www.f5.com/company/blog/nginx/creating-nginx-rewrite-rules',
  ],
  bad: [
    { title: 'files alone', files: { ...site('$uri $uri/ «=404»'), 'srv/www/.htaccess': RULES } },
    {
      title: 'scripts alone are passed to Apache',
      files: {
        ...site('$uri $uri/ «=404»', 'proxy_pass http://127.0.0.1:9000;'),
        'srv/www/.htaccess': RULES,
      },
    },
  ],
  good: [
    {
      title: 'led to the script',
      files: { ...site('$uri $uri/ /index.php?$args'), 'srv/www/.htaccess': RULES },
    },
    {
      title: 'a location of its own for the pages',
      files: {
        ...site('$uri $uri/ =404', FPM, 'location /shop/ {\n    try_files $uri /index.php?$args;\n}'),
        'srv/www/.htaccess': RULES,
      },
    },
    {
      title: 'rules for other things',
      files: {
        ...site('$uri $uri/ =404'),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^old/(.*)$ /new/$1 [R=301,L]
        `,
      },
    },
    {
      title: 'a script that is not there',
      files: {
        ...site('$uri $uri/ =404'),
        'srv/www/.htaccess': RULES.replace('index.php', 'app.php'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const files = deployment.filesOf(configuration)
      for (const { home, server, path: top } of rootsOfSites(deployment, configuration)) {
        if (top === '' || leadsToScript(home)) continue
        // `php/front-controller-unasked` knows these, and more of them.
        if (files.kind(`${top}/.htaccess`) !== 'file' || applicationIn(files, top) !== null) continue
        const script = scriptOf(files, top, askHtaccess(files, top, `/${MISSING}/`))
        if (script === null) continue
        const run = askServer(deployment, server, script.url)
        const page = askServer(deployment, server, `/${MISSING}/`)
        if (run?.end.kind !== 'pass' || page?.end.kind !== 'response' || page.end.status !== 404) continue
        const tried = page.steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
        const location = page.steps.findLast(({ kind }) => kind === 'location')?.directive
        if (location?.children.some(({ name }) => name === 'return')) continue
        yield {
          at:
            tried === undefined || tried === null
              ? namePlace(location ?? home)
              : argumentPlace(tried, tried.args.length - 1),
          message: `\`${top}/.htaccess\` has \`${script.url}\` answer every page, and nginx, which does not read it, answers 404 to \`/page/\``,
          label: 'never leads to the script',
          related: [{ at: script.at, message: 'Apache would ask it' }],
        }
      }
    }
  },
})

/** True where a line of a server leads some page to a script: its pages are where that line says. */
function leadsToScript({ children }: NginxDirective): boolean {
  return children.some(
    line =>
      (/^(?:try_files|rewrite|error_page|return)$/.test(line.name) &&
        line.args.some(({ value }) => /\.php\b/.test(value))) ||
      leadsToScript(line),
  )
}

/** The script below a root that answers a page which is no file; null for none that is there. */
function scriptOf(files: FileSystem, top: string, { steps, end }: ApacheOutcome) {
  if (end.kind !== 'file' && end.kind !== 'handler') return null
  const { path } = end
  const rule = steps.findLast(({ kind, at }) => kind === 'rewrite' && at !== null)
  const isScript =
    path?.startsWith(`${top}/`) === true && path.endsWith('.php') && files.kind(path) === 'file'
  return isScript && rule?.at != null ? { url: path.slice(top.length), at: rule.at } : null
}
