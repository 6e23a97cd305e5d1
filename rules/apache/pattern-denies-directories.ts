import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type Htaccess, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { filesApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { HTACCESS_MAIN } from '../_rewriting-examples.ts'
import { isForEveryPath } from './_front-controller.ts'
import { denies, patternPlace } from '../_apache-sections.ts'

const FRONT_CONTROLLER = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule ^ index.php [L]
`
const denied = (pattern: string): string => conf`
  <FilesMatch ${pattern}>
      Require all denied
  </FilesMatch>
`
const site = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  'srv/www/.htaccess': lines,
})

export default defineRule({
  summary: 'A pattern for files without an extension denies directories and pages, too',
  severity: 'info',
  otherSeverities: { warning: 'where a front controller answers pages by their names' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'httpd compares the last part of the path that there is on the disk, or would be: `^[^.]+$` is meant for `README` and takes `/shop`, a directory whose URL was written without its slash, and `/about`, a page of the front controller. Access is checked before mod_dir redirects and mod_rewrite rewrites, so both are answered with 403; so are the challenges of Let’s Encrypt, which are files without an extension.',
  remedy: 'Name the files (`^(README|LICENSE|CHANGELOG)$`), or deny the directories that hold them',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#filesmatch'],
  bad: [
    {
      title: 'pages of a front controller',
      files: site(conf`
        ${denied('«"^[^.]+$"»')}
        ${FRONT_CONTROLLER}
      `),
    },
    {
      title: 'a page by `FallbackResource`, and more that is denied',
      files: site(conf`
        ${denied('«"^\\.|^[^.]+$|\\.(?!css|gif|html|ico|js|php|png)[^.]*$"»')}
        FallbackResource /index.php
      `),
    },
    {
      title: 'an application in a directory',
      files: {
        '.htaccess': conf`
          <FilesMatch «"^[^\.]+$"»>
              <IfModule mod_authz_core.c>
                  Require all denied
              </IfModule>
              <IfModule !mod_authz_core.c>
                  Order Allow,Deny
                  Deny from all
              </IfModule>
          </FilesMatch>
        `,
        'index.php': '<?php\n',
      },
    },
  ],
  good: [
    {
      title: 'names with a list of extensions alone',
      files: site(conf`
        ${denied('"^(README|LICENSE|CHANGELOG)$"')}
        ${denied('"\\.(md|sql|log)$"')}
        ${FRONT_CONTROLLER}
      `),
    },
    {
      title: 'everything is denied, and files of some types are not',
      files: {
        'uploads/.htaccess': conf`
          <FilesMatch ".*">
              Require all denied
          </FilesMatch>
          <FilesMatch "\.(jpg|png)$">
              Require all granted
          </FilesMatch>
        `,
        'uploads/index.php': '<?php\n',
      },
    },
    {
      title: 'a later section grants it',
      files: site(conf`
        ${denied('"^[^.]+$"')}
        <FilesMatch "^[a-z0-9-]+$">
            Require all granted
        </FilesMatch>
        ${FRONT_CONTROLLER}
      `),
    },
    {
      title: 'a directory of files, without a page',
      files: { 'files/.htaccess': denied('"^[^.]+$"') },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const htaccess of htaccessFiles(configuration, files)) {
        if (!htaccess.overrides.known || !htaccess.overrides.value.reads) continue
        const sections = ['files', 'filesmatch'].flatMap(name => htaccess.file.occurrences.get(name) ?? [])
        const denying = sections.filter(section => denies(section) && isForBareNames(section))
        if (denying.length === 0 || sections.some(isGranting)) continue
        const hasController = hasFrontController(configuration, files, htaccess)
        const hasPage = START_PAGES.some(name => files.kind(htaccess.directory + name) === 'file')
        if (!hasController && !hasPage) continue
        for (const section of denying)
          yield {
            at: patternPlace(section),
            ...(hasController ? { severity: 'warning' as const } : {}),
            message: hasController
              ? '`/about` has no extension either, so a page of the front controller is answered with 403 before any rule is asked'
              : 'the names of directories match this, so the URL of one without its last slash is answered with 403 in place of the redirect',
          }
      }
    }
  },
})

/** Names of pages and directories, and of files that are meant to be served. */
const BARE = ['about', 'shop', 'a1', 'news-2024', 'qwertyuiop']
const SERVED = ['index.php', 'style.css', 'picture.png']
const START_PAGES = ['index.php', 'index.html']

function isForBareNames(section: ApacheDirective): boolean {
  const pattern = sectionPattern(section)
  return (
    pattern.kind === 'regex' &&
    BARE.every(name => filesApplies(pattern, name) === true) &&
    SERVED.every(name => filesApplies(pattern, name) === false)
  )
}

/** True for a section that may let one of them in again. */
function isGranting(section: ApacheDirective): boolean {
  return !denies(section) && BARE.some(name => filesApplies(sectionPattern(section), name) !== false)
}

function hasFrontController(
  configuration: ApacheConfiguration,
  files: FileSystem,
  htaccess: Htaccess,
): boolean {
  const fallback = htaccess.file.occurrences.get('fallbackresource')?.at(-1)?.args[0]?.value ?? 'disabled'
  return (
    fallback !== 'disabled' ||
    placedRules(configuration, files).some(
      rule => rule.htaccess?.file === htaccess.file && rule.context === 'directory' && isForEveryPath(rule),
    )
  )
}
