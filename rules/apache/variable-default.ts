import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

export default defineRule({
  summary: 'A variable has a default, as in a shell, which Apache does not know',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache fills in `${NAME}` from `Define` or the environment, and no name of either has a colon: `${PORT:-8080}` stays as it is, whether `PORT` is set or not. A virtual host on such an address is ignored: “Could not resolve host name”.',
  remedy:
    'Write `${NAME}`, and set the default before Apache starts, or by `Define` within `<IfDefine !NAME>`',
  references: [
    'https://httpd.apache.org/docs/2.4/configuring.html#syntax',
    'https://httpd.apache.org/docs/2.4/mod/core.html#define',
  ],
  bad: [
    {
      title: 'the port of a virtual host',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 8080
          <VirtualHost *:«\${PORT:-8080}»>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `),
      },
    },
    {
      title: 'a directory of logs, in a site of a container',
      files: {
        'apache2/sites-available/shop.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /srv/www
              ErrorLog «\${APACHE_LOG_DIR:/var/log/apache2}»/error.log
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a name with colons, of a release that took them',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          <IfVersion < 2.4>
              Define main::port 80
              Listen \${main::port}
          </IfVersion>
        `),
      },
    },
    {
      title: 'a default of Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          <IfDefine !PORT>
              Define PORT 8080
          </IfDefine>
          Listen 8080
          <VirtualHost *:\${PORT}>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `),
      },
    },
    {
      title: 'without a default',
      files: {
        'apache2/sites-available/shop.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /srv/www
              ErrorLog \${APACHE_LOG_DIR}/error.log
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a template, of which something makes the file',
      files: {
        'apache2/templates/shop.conf.tmpl': conf`
          <VirtualHost *:\${PORT:-8080}>
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a script that writes a site, and fills in defaults',
      files: {
        'bin/add-site': conf`
          #!/bin/bash
          set "\${NAME:=example.org}"
          cat > /etc/apache2/sites-available/shop.conf <<EOF
          <VirtualHost *:\${PORT:-8080}>
              ServerName $NAME
              DocumentRoot /srv/www
          </VirtualHost>
          EOF
        `,
      },
    },
    {
      title: 'a map of mod_rewrite, and what is commented out',
      files: {
        'apache2/sites-available/shop.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /srv/www
              # Listen \${PORT:-8080}
              RewriteEngine On
              RewriteMap moved txt:/srv/moved.txt
              RewriteCond \${moved:$1|none} !=none
              RewriteRule ^/(.*)$ \${moved:$1|/} \\
                  [R=301,L]
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { sources } of apache) for (const source of sources) yield* defaultsIn(source)
  },
})

/** A line, with those that continue it. */
const LINE = /^[ \t]*(<?\w+)(?:[^\n\\]|\\[\s\S])*/gm

/** `${map:key|default}` is a lookup there. */
const LOOKS_UP = /^rewrite(?:rule|cond)$/i

function* defaultsIn(source: Source): Iterable<RuleFinding> {
  const { text, path, kept = path } = source
  // What makes a file of a template may know defaults, and so does a script that holds it.
  if (!/\$\{\w+:/.test(text) || !/\.(?:conf|vhost)$|\/[\w-]+$|\.htaccess$/.test(kept)) return
  for (const line of text.matchAll(LINE)) {
    if (LOOKS_UP.test(line[1] ?? '')) continue
    for (const found of line[0].matchAll(/\$\{(\w+):(?!:)[^{}\n]*\}/g)) {
      const start = line.index + found.index
      yield {
        at: { source, start, end: start + found[0].length },
        message: `Apache knows no defaults of variables, so \`${found[0]}\` stays as it is, even where \`${found[1] ?? ''}\` is set`,
        label: 'stays as it is',
      }
    }
  }
}
