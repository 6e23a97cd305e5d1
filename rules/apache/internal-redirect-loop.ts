import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING, PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isForLackOfModule } from '../../src/servers/apache/queries/conditions-around.ts'
import { everywhere, htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import {
  hostOfRule,
  isOfWholeDirectory,
  linesBeside,
  placedRules,
} from '../../src/servers/apache/queries/rewriting.ts'
import { apacheMain } from '../_examples.ts'
import { leadsIntoOwnDirectory, mayKeep, sitesInOwnDirectory, takesPath } from './_own-directory.ts'

const site = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
          Require all granted
          ${lines}
      </Directory>
    `,
    ['rewrite', 'dir'],
  )

const queried = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      Header set X-Query "expr=%{QUERY_STRING}"
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
    `,
    ['rewrite', 'headers', 'dir'],
  ),
  'srv/www/.htaccess': conf`
    RewriteEngine On
    ${lines}
  `,
  'srv/www/index.txt': 'page',
})

export default defineRule({
  summary: 'A rewriting rule that matches its own target',
  severity: 'error',
  otherSeverities: {
    warning: 'where it takes a path that is not in the audit',
    info: 'where the line is for a server without a module that hardly one lacks',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In `<Directory>` and `.htaccess`, mod_rewrite starts again with what a rule made. A rule that matches that too goes on until `LimitInternalRecursion`, and Apache answers 500 (AH00124).',
  remedy:
    'Put a condition before the rule that its own target does not meet, such as `RewriteCond %{REQUEST_FILENAME} !-f`, or write `[END]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_l'],
  bad: [
    {
      title: 'a front controller by its path from the root',
      files: {
        'etc/apache2/apache2.conf': site(''),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          «RewriteRule» !\.(css|js)$ /index.php
        `,
        'srv/www/index.php': '',
      },
    },
    {
      title: 'the path is put into the query, and taken from the script then',
      files: queried(conf`
        RewriteRule ^(.*)$ «index.txt?page=$1» [L]
      `),
    },
    {
      title: 'the same in the section of the directory',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            DocumentRoot /srv/www
            <Directory /srv/www>
                Require all granted
                RewriteEngine On
                RewriteRule ^(.*)$ «index.txt?page=$1» [L]
            </Directory>
          `,
          ['rewrite', 'dir'],
        ),
        'srv/www/index.txt': 'page',
      },
    },
    {
      title: 'a suffix that is put behind every path, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          «RewriteRule» ^(.*)$ $1.php
        `,
      },
    },
    {
      title: 'the path behind the script, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          «RewriteRule» ^(.*)$ index.php/$1 [L]
        `,
        'index.php': '',
      },
    },
    {
      title: 'a front controller in a directory that is not there',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          «RewriteRule» ^ /shop/index.php [L]
        `),
        'srv/www/index.php': '',
      },
    },
    {
      title: 'RewriteBase of another place',
      files: {
        'etc/apache2/apache2.conf': site(''),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteBase /blog/
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          «RewriteRule» . index.php [L]
        `,
        'srv/www/index.php': '',
      },
    },
    {
      title: 'FallbackResource of another place',
      files: {
        'etc/apache2/apache2.conf': site('FallbackResource «/blog/index.php»'),
        'srv/www/index.php': '',
      },
    },
    {
      title: 'FallbackResource without its slash, below the first directory',
      files: {
        'etc/apache2/apache2.conf': site('FallbackResource «index.php»'),
        'srv/www/index.php': '',
      },
    },
    {
      title: 'all into a directory that no rules of its own has',
      files: {
        '.htaccess': conf`
          <IfModule mod_rewrite.c>
              RewriteEngine On
              «RewriteRule» ^(.*)$ /public/$1 [L]
          </IfModule>
        `,
        'public/index.html': 'page',
      },
    },
    {
      title: 'the directory of one host name',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} ^(www\.)?shop\.example\.org$ [NC]
          «RewriteRule» ^(.*)$ shop/$1 [L]
        `,
        'shop/index.html': 'page',
      },
    },
  ],
  good: [
    {
      title: 'a directory that has rules of its own',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)$ public/$1 [L]
        `,
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `,
        'public/index.php': '<?php\n',
      },
    },
    {
      title: 'the directory of one host name, but for what lies in it',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} ^(www\.)?shop\.example\.org$ [NC]
          RewriteCond %{REQUEST_URI} !^/shop/
          RewriteRule ^(.*)$ shop/$1 [L]
        `,
        'shop/index.html': 'page',
      },
    },
    {
      title: 'what lies in the directory of a host name is left alone before',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^shop/ - [L]
          RewriteCond %{HTTP_HOST} ^shop\.example\.org$ [NC]
          RewriteRule ^(.*)$ shop/$1 [L]
        `,
        'shop/index.html': 'page',
      },
    },
    {
      title: 'the directory of WordPress, which writes its rules itself',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} ^blog\.example\.org$ [NC]
          RewriteRule ^(.*)$ blog/$1 [L]
        `,
        'blog/wp-blog-header.php': '<?php\n',
        'blog/index.php': '<?php\n',
      },
    },
    {
      title: 'a file that waits for the directory of its `RewriteBase`',
      files: {
        'lib/.htaccess': conf`
          RewriteEngine On
          RewriteBase /monitor/
          RewriteCond %{REQUEST_FILENAME} -s [OR]
          RewriteCond %{REQUEST_FILENAME} -d
          RewriteRule ^.*$ - [L]
          RewriteRule ^.*$ index.php [L]
        `,
        'lib/index.php': '<?php\n',
      },
    },
    {
      title: 'a condition that the target does not meet',
      files: {
        'etc/apache2/apache2.conf': site(''),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteBase /
          RewriteRule ^index\.php$ - [L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.php [L]
        `,
        'srv/www/index.php': '',
      },
    },
    {
      title: 'a .htaccess alone that leads to a directory of which nobody knows the rules',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^(.*)$ public/$1 [L]
        `,
      },
    },
    {
      title: 'what is no file alone is put into the query',
      files: queried(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^(.*)$ index.txt?page=$1 [L]
      `),
    },
    {
      title: 'the script is left alone, or the client has a query of its own',
      files: queried(conf`
        RewriteRule ^index\.txt$ - [L]
        RewriteRule ^(.*)$ index.txt?page=$1 [L]
      `),
    },
    {
      title: 'the end of rewriting',
      files: {
        'etc/apache2/apache2.conf': site(''),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^ /index.php [END]
        `,
      },
    },
    {
      title: 'the same path again, which Apache knows for what it is',
      files: {
        'etc/apache2/apache2.conf': site(''),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^ index.php [L]
        `,
      },
    },
    {
      title: 'FallbackResource that is there',
      files: {
        'etc/apache2/apache2.conf': site('FallbackResource /index.php'),
        'srv/www/index.php': '',
      },
    },
    {
      title: 'a front controller that may lie where the audit does not look',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ /shop/index.php [L]
        `),
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      for (const target of targetsOf(deployment, asked)) {
        const { steps, end } = askHost(deployment, asked, target)
        if (end.kind !== 'response' || end.status !== 500) continue
        if (!steps.some(({ kind }) => kind === 'internal-redirect')) continue
        const rule = lastLine(steps, 'rewrite')
        if (rule === null || !/internal redirects/.test(end.reason)) continue
        if (!staysInside(deployment, asked, rule)) continue
        yield {
          at: namePlace(rule),
          message: `a request for \`${target.replace(MISSING, 'page')}\` is rewritten to \`${rule.args[1]?.value}\` again and again, until Apache answers 500`,
          related: [
            { at: argumentPlace(rule, 1), message: 'matched by the rule again' },
            ...basesOf(deployment, asked, rule).map(base => ({
              at: argumentPlace(base, 0),
              message: 'stands before the target',
            })),
          ],
        }
      }
    }
    for (const configuration of deployment.apache) {
      yield* lostPaths(configuration, deployment.filesOf(configuration))
      yield* sitesInOwnDirectory(configuration, deployment.filesOf(configuration))
    }
    for (const asked of hostsHolding(deployment, ['fallbackresource'])) {
      const line = fallbackOf(deployment, asked)
      const target = line?.args[0]?.value
      if (line === null || target === undefined || !isSettled(target)) continue
      for (const page of [PATHS.missingPage, PATHS.missingPage + PATHS.missingPage]) {
        const { end } = askHost(deployment, asked, page)
        if (
          end.kind !== 'response' ||
          end.status !== 500 ||
          !/subrequests|internal redirects/.test(end.reason)
        )
          continue
        const at = argumentPlace(line, 0)
        yield {
          at,
          ...(isForLackOfModule(at) && { severity: 'info' as const }),
          message: `\`${target}\` is no file for a request such as \`${page.replace(`${MISSING}/`, 'blog/').replace(MISSING, 'page')}\`, so Apache asks for it again and again, and answers 500`,
        }
        break
      }
    }
  },
})

/** Rules that put the path into the query of a script, and then take the script for the path. */
function* lostPaths(configuration: ApacheConfiguration, files: FileSystem) {
  const rules = placedRules(configuration, files).filter(isOfWholeDirectory)
  for (const inFile of groupBy(rules, ({ htaccess, directive }) => htaccess ?? directive.parent).values()) {
    for (const [index, rule] of inFile.entries()) {
      const { directive, output, directory, flags } = rule
      const [, script, query = ''] = /^([\w-]+\.\w+)\?(.*)$/s.exec(output) ?? []
      if (script === undefined || directory === null) continue
      if (!takesPath(rule) || rule.conditions.length > 0 || !query.includes('$1') || flags.has('QSA'))
        continue
      if (!flags.has('L') && index < inFile.length - 1) continue
      if (files.kind(directory + script) !== 'file') continue
      if (inFile.slice(0, index).some(other => mayKeep(other, script))) continue
      const [base] = linesBeside(configuration, rule, 'rewritebase')
      const asked = { configuration, host: hostOfRule(configuration, rule) }
      if (base !== undefined && base.args[0]?.value !== urlOfDirectory(asked, directory)) continue
      const name = /([\w[\]-]+)=\$1/.exec(query)?.[1]
      yield {
        at: argumentPlace(directive, 1),
        aspect: 'path',
        message: `the rule takes \`${script}\` for a path again, so ${name === undefined ? 'the query' : `\`${name}\``} is always \`${script}\`, and files are not served`,
      }
    }
  }
}

/**
 * False where nobody knows what else lies where a rule leads: of a `.htaccess` that no server here serves, only a
 * script beside it is surely ruled by it again.
 */
function staysInside(deployment: Deployment, asked: AskedHost, rule: ApacheDirective): boolean {
  const { filesOf } = deployment
  const { configuration } = asked
  const { args, source } = rule
  if (configuration.main === null || !isForHtaccess(configuration.main)) return true
  // It says itself at which URL it lies, and that is not the one that was made up for it.
  if (basesOf(deployment, asked, rule).some(base => base.args[0]?.value !== '/')) return false
  // What is put behind the path lies beside it.
  if (/^\$1\.\w+$/.test(args[1]?.value ?? '')) return true
  if (leadsIntoOwnDirectory(filesOf(configuration), posix.dirname(source.path), args[1]?.value ?? ''))
    return true
  const script = /^[^/$%?:]+/.exec(args[1]?.value ?? '')?.[0]
  return (
    script !== undefined &&
    filesOf(configuration).kind(posix.join(posix.dirname(source.path), script)) === 'file'
  )
}

/** The `RewriteBase` that a relative target of a rule begins with. */
function basesOf(
  { filesOf }: Deployment,
  { configuration }: AskedHost,
  { args, parent, source }: ApacheDirective,
): readonly ApacheDirective[] {
  if (/^(?:\/|\w+:)/.test(args[1]?.value ?? '')) return []
  return everywhere(configuration, filesOf(configuration), 'rewritebase').filter(
    base => base.source === source && base.parent === parent,
  )
}

/** The one `FallbackResource` of a virtual host; null where several may be in force. */
function fallbackOf({ filesOf }: Deployment, { configuration, host }: AskedHost): ApacheDirective | null {
  const lines = everywhere(configuration, filesOf(configuration), 'fallbackresource').filter(line => {
    const home = virtualHostSection(line)
    return home === null || home === host?.directive
  })
  return lines.length === 1 ? (lines[0] ?? null) : null
}

/** The start page, a page that is not there, and the same below each `.htaccess` and `<Directory>` that rewrites. */
function targetsOf(deployment: Deployment, asked: AskedHost): readonly string[] {
  const { configuration, host } = asked
  const found = new Set<string>([PATHS.startPage, PATHS.missingPage])
  for (const htaccess of htaccessFilesOf(configuration, deployment.filesOf(configuration), host)) {
    if (!htaccess.file.occurrences.has('rewriterule')) continue
    const url = urlOfDirectory(asked, htaccess.directory)
    if (url !== null) found.add(url).add(url + MISSING)
  }
  for (const rule of placedRules(configuration, deployment.filesOf(configuration))) {
    const isAsked = rule.htaccess === null && hostOfRule(configuration, rule) === host
    const url = isAsked && rule.directory !== null ? urlOfDirectory(asked, rule.directory) : null
    if (url !== null) found.add(url).add(url + MISSING)
  }
  return [...found]
}
