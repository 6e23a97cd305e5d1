import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { placeText } from '../../parsers/text/source.ts'
import { apacheMain } from '../_examples.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      RewriteEngine On
      ${lines}
  </VirtualHost>
`
const main = apacheMain(
  conf`
    Listen 80
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
    </Directory>
  `,
  ['rewrite'],
)

export default defineRule({
  summary: 'A redirect whose host and path meet without a slash, or with two',
  severity: 'error',
  otherSeverities: {
    warning: 'where two slashes meet: the URL is another one than the page’s own',
    info: 'where a backend is asked for two slashes, of which some make one',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In a virtual host the path that `(.*)` takes begins with a slash; in `<Directory>` and `.htaccess` it does not. What is right in one place leads to `https://example.orgpage` or `https://example.org//page` in the other.',
  remedy: 'Write `https://%{HTTP_HOST}%{REQUEST_URI}`, which is right in both places',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'host and path are glued together',
      files: {
        'etc/apache2/apache2.conf': main,
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTPS} off
          RewriteRule ^(.*)$ «https://%{SERVER_NAME}$1» [R=301,L]
        `,
      },
    },
    {
      title: 'in a section for a directory',
      files: {
        'site.conf': host(conf`
          <Directory /srv/www>
              RewriteEngine On
              RewriteRule (.*) «https://www.example.org$1» [R=301,L]
          </Directory>
        `),
      },
    },
    {
      title: 'two slashes',
      files: { 'site.conf': host('RewriteRule ^(.*)$ «https://%{HTTP_HOST}/$1» [R=301,L]') },
    },
    {
      title: 'two slashes behind what a template fills in',
      files: {
        'site.conf.erb': conf`
          <VirtualHost *:80>
              RewriteEngine On
              RewriteRule ^(.*) «<%= @scheme %>://<%= @name %>:<%= @port %>/$1» [R=301,L]
          </VirtualHost>
        `,
        'shop.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              RewriteEngine On
              RewriteCond %{HTTP_HOST} !^{{ name }}$
              RewriteRule ^(.*)$ «https://{{ name }}/$1» [R=301,L]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'two slashes for a backend',
      files: { 'site.conf': host('RewriteRule ^(.*)$ «http://127.0.0.1:8099/$1» [P]') },
    },
  ],
  good: [
    {
      title: 'one slash for a backend',
      files: { 'site.conf': host('RewriteRule ^(.*)$ http://127.0.0.1:8099$1 [P]') },
    },
    {
      title: 'one slash in each place',
      files: {
        'etc/apache2/apache2.conf': main,
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)$ https://%{SERVER_NAME}/$1 [R=301,L]
          RewriteRule ^old(/.*)?$ https://example.org$1 [R=301,L]
        `,
      },
    },
    {
      title: 'in a virtual host the path has its slash',
      files: {
        'site.conf': host(conf`
          RewriteRule ^(.*)$ https://www.example.org$1 [R=301,L]
          RewriteRule ^/(.*)$ https://www.example.org/$1 [R=301,L]
          RewriteRule ^/?(.*) https://www.example.org/$1 [R=301,L]
          RewriteRule ^(/(?:a|b).*) https://www.example.org$1 [R=301,L]
        `),
      },
    },
    {
      title: 'the slash that a template may bring, or a pattern that it fills in',
      files: {
        'site.conf.j2': host(conf`
          RewriteRule ^(.*)$ https://{{ name }}$1 [R=301,L]
          RewriteRule ^/?{{ prefix }}(.*)$ https://{{ name }}/$1 [R=301,L]
          RewriteRule ^({{ prefix }}.*)$ https://{{ name }}/$1 [R=301,L]
        `),
      },
    },
    {
      title: 'the path as it was asked for',
      files: { 'site.conf': host('RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]') },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const target = AUTHORITY.exec(fromBytes(rule.output))
        if (target === null || rule.negated || !/^\^?\(/.test(rule.pattern)) continue
        const isGlued = target[2] === ''
        // Two slashes meet whatever stands in front of them, one may be that of a placeholder.
        if (isGlued && !rule.settled) continue
        if (rule.context !== (isGlued ? 'directory' : 'server') || !takesAll(rule)) continue
        const at = argumentPlace(rule.directive, 1)
        const [, begin = ''] = target
        const written = placeText(at)
        if (isGlued) {
          yield {
            at,
            message: `the path has no slash in front here, so \`/page\` is redirected to \`${shown(begin)}page\``,
            ...propose('Part host and path by a slash', 'safe', [
              written.includes(`${begin}$1`)
                ? replacePlace(
                    at,
                    written.replace(`${begin}$1`, () => `${begin}/$1`),
                  )
                : null,
            ]),
          }
        } else {
          const isProxied = rule.flags.has('P') && !rule.flags.has('R')
          yield {
            at,
            message: `the path begins with a slash here, so \`/page\` is ${isProxied ? 'asked of the backend as' : 'redirected to'} \`${shown(begin)}//page\``,
            // Some backends make one slash of two.
            severity: isProxied ? 'info' : 'warning',
            ...propose('Let the captured path bring the slash', 'safe', [
              !isProxied && written.includes(`${begin}/$1`)
                ? replacePlace(
                    at,
                    written.replace(`${begin}/$1`, () => `${begin}$1`),
                  )
                : null,
            ]),
          }
        }
      }
    }
  },
})

/** Scheme and host, then the first group of the pattern, with or without a slash between them. */
const AUTHORITY = /^((?:https?|[\uE000-\uF8FF]+):\/\/(?:%\{[\w:-]+\}|%\d|[\w.:\uE000-\uF8FF-])+)(\/?)\$1/i

/** True for a first group that takes the whole path, whatever it begins with: `(.*)`, `(.+)`, `(.*)$`. */
function takesAll({ pattern }: PlacedRule): boolean {
  return /^\^?\(\.[*+]\??\)/.test(pattern)
}

function shown(authority: string): string {
  return authority.replace(/%\{(?:HTTP_HOST|SERVER_NAME)\}/i, 'example.org')
}
