import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { servedDirectory } from '../../src/deployment/requests/url-of-file.ts'
import type { FollowedCommand } from '../../src/deployment/setups/followed-commands.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const SITE = conf`
  server {
      listen 80;
      server_name band.example.org;
      root /srv/band/web;
      location /media/ {
          alias /srv/band/media/;
      }
  }
`
const deploy = (
  rsync: string,
  ignored: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'site.conf': SITE,
  '.github/workflows/deploy.yml': conf`
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: ${rsync}
  `,
  '.gitignore': ignored,
  ...more,
})
const TO = './ deploy@band.example.org:/srv/band/'
const UPLOADS = '/.env\n/web/app/uploads/*\n'

export default defineRule({
  summary: 'Each deploy by rsync deletes what users have uploaded',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`rsync --delete` removes on the server what the checkout does not have. A directory of uploads that `.gitignore` names is in no checkout, so that its files are gone after the next deploy, and every picture is a 404.',
  remedy: 'Exclude the directory: `--exclude=/web/app/uploads`',
  references: ['https://download.samba.org/pub/rsync/rsync.1#opt--delete'],
  unproven: 'No request shows it: what rsync does to a server, the live tests do not run',
  bad: [
    {
      title: 'uploads of WordPress',
      files: deploy(`rsync -rlz «--delete» --exclude=/.git --exclude=/.env ${TO}`, UPLOADS),
    },
    {
      title: 'a directory that nginx serves, by a script',
      files: deploy('make test', '*.pyc\nmedia/\n', {
        'deploy.sh': `rsync -az «--delete-after» --exclude .git --exclude '*.log' . band.example.org:/srv/band\n`,
      }),
    },
    {
      title: 'the document root alone',
      files: deploy('rsync -az «--delete» web/ deploy@band.example.org:/srv/band/web/', UPLOADS),
    },
  ],
  good: [
    {
      title: 'excluded',
      files: deploy(`rsync -rlz --delete --exclude=/.git --exclude=/web/app/uploads ${TO}`, UPLOADS),
    },
    {
      title: 'excluded with all of its name',
      files: deploy(`rsync -rlz --delete --exclude uploads/ ${TO}`, UPLOADS),
    },
    {
      title: 'a file of patterns',
      files: deploy(`rsync -rlz --delete --exclude-from=.rsyncignore ${TO}`, UPLOADS),
    },
    {
      title: 'what git ignores',
      files: deploy(`rsync -rlz --delete --filter=':- .gitignore' ${TO}`, UPLOADS),
    },
    { title: 'nothing is deleted', files: deploy(`rsync -rlz ${TO}`, UPLOADS) },
    { title: 'no uploads are ignored', files: deploy(`rsync -rlz --delete ${TO}`, '/.env\n') },
    {
      title: 'another directory of the checkout',
      files: deploy('rsync -az --delete dist/ deploy@band.example.org:/srv/band/web/assets/', UPLOADS),
    },
    {
      title: 'a release of its own',
      files: deploy('rsync -az --delete ./ deploy@band.example.org:/srv/band/releases/$GITHUB_SHA/', UPLOADS),
    },
    {
      title: 'another directory, from which a script copies',
      files: deploy('rsync -az --delete ./ deploy@band.example.org:/srv/incoming/', UPLOADS),
    },
    {
      title: 'a link that the deploy makes again',
      files: deploy(`rsync -az --delete ${TO}`, UPLOADS, {
        'deploy/links.sh': 'ln -sfn /srv/uploads /srv/band/web/app/uploads\n',
      }),
    },
    { title: 'a trial', files: deploy(`rsync -azn --delete ${TO}`, UPLOADS) },
  ],
  *check(deployment) {
    const texts = deployment.setups() ?? []
    const served = once(() => servedDirectories(deployment))
    for (const source of texts) {
      if (!source.text.includes('rsync') || !source.text.includes('--del')) continue
      for (const command of setupCommands(source)) {
        const copy = deletingCopy(command)
        const here = copy === null ? undefined : served().find(({ path }) => isBelow(path, copy.to))
        if (copy === null || here === undefined) continue
        const lost = ignoredBeside(deployment, source).find(({ path }) => {
          const target = targetOf(copy, path)
          return (
            target !== null &&
            isOfUploads(path, target, served()) &&
            !copy.excluded.some(each => covers(each, path))
          )
        })
        if (lost === undefined || texts.some(({ text }) => links(text, lost.path))) continue
        yield {
          at: copy.at,
          message: `\`rsync\` deletes \`${targetOf(copy, lost.path)}\` on the server: git ignores \`${lost.path}\`, so that the checkout has none of its files`,
          label: 'deletes what the checkout does not have',
          related: [
            { at: lost.at, message: 'in no checkout' },
            { at: here.at, message: 'served from there' },
          ],
          help: `Add \`--exclude=/${posix.relative(copy.from, lost.path)}\``,
        }
      }
    }
  },
})

interface DeletingCopy {
  /** The option. */
  readonly at: Place
  /** What of the checkout is copied: `.` for all. */
  readonly from: string
  /** The absolute directory of the server that is made the same. */
  readonly to: string
  readonly excluded: readonly string[]
}

/** Options with which nobody knows what is deleted, or nothing is. */
const SPARES =
  /^(?:--(?:filter|exclude-from|files-from|include|backup|dry-run|max-delete|cvs-exclude|existing|list-only)\b|-[A-Za-z]*[nbfFC])/
const DELETES = /^--del(?:ete(?:-(?:before|during|delay|after))?)?$/
/** Options whose value is the next word. */
const WITH_VALUE =
  /^(?:-[A-Za-z]*e|--(?:rsh|rsync-path|chmod|chown|timeout|port|exclude|temp-dir|log-file|bwlimit))$/

/** A copy of the directory of a script, or of one below it, with which rsync deletes the rest; null for any other. */
function deletingCopy({ words, directory }: FollowedCommand): DeletingCopy | null {
  const [program, ...args] = words
  if (program?.text !== 'rsync' || directory !== null) return null
  const excluded: string[] = []
  const paths: string[] = []
  let deletes: WrittenText | null = null
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const { text } = word
    if (SPARES.test(text)) return null
    if (DELETES.test(text)) deletes = word
    else if (text.startsWith('--exclude=')) excluded.push(text.slice('--exclude='.length))
    else if (WITH_VALUE.test(text)) {
      const value = args[++index]?.text ?? ''
      if (text === '--exclude') excluded.push(value)
    } else if (!text.startsWith('-')) paths.push(text)
  }
  const [from = '', to = '', ...more] = paths
  if (deletes === null || more.length > 0 || excluded.some(isUnknownWord)) return null
  if (!/^(?:\.\/?|(?:\.\/)?[\w.-]+(?:\/[\w.-]+)*\/)$/.test(from) || from.includes('..')) return null
  const path = to.replace(/^[^/:]+:/, '')
  if (!/^\/[\w./-]+$/.test(path)) return null
  return {
    at: placeOf(deletes),
    from: posix.normalize(from).replace(/\/$/, ''),
    to: cleanPath(path),
    excluded,
  }
}

/** Where a directory of the checkout goes; null where it is not copied. */
function targetOf({ from, to }: DeletingCopy, path: string): string | null {
  const within = posix.relative(from, path)
  return within === '' || within.startsWith('..') ? null : posix.join(to, within)
}

/** Directories that the programs themselves call so. */
const OF_PROGRAMS = /(?:^|\/)(?:wp-content|web\/app)\/uploads$|^(?:public|web|www|htdocs)\/uploads$/
const NAMES = /^(?:media|uploads?|user[_-]uploads)$/

function isOfUploads(path: string, target: string, served: readonly ServedDirectory[]): boolean {
  return (
    OF_PROGRAMS.test(path) || (NAMES.test(posix.basename(path)) && served.some(each => each.path === target))
  )
}

interface ServedDirectory {
  readonly path: string
  /** Where the server is told of it. */
  readonly at: Place
}

function servedDirectories({ nginx, apache }: Deployment): readonly ServedDirectory[] {
  return [
    ...nginx.flatMap(({ occurrences }) =>
      ['root', 'alias'].flatMap(name =>
        (occurrences.get(name) ?? []).flatMap(line => directoryAt(servedDirectory(line), line, 0)),
      ),
    ),
    ...apache.flatMap(({ occurrences }) => [
      ...(occurrences.get('documentroot') ?? []).flatMap(line => directoryOf(line, 0)),
      ...(occurrences.get('alias') ?? []).flatMap(line => directoryOf(line, 1)),
    ]),
  ]
}

function directoryOf(line: ApacheDirective, index: number): readonly ServedDirectory[] {
  return directoryAt(line.args[index]?.value, line, index)
}

function directoryAt(
  word: string | undefined,
  line: NginxDirective | ApacheDirective,
  index: number,
): readonly ServedDirectory[] {
  return word !== undefined && /^\/[\w./-]+$/.test(word)
    ? [{ path: cleanPath(word), at: argumentPlace(line, index) }]
    : []
}

interface IgnoredPath {
  /** Below the checkout. */
  readonly path: string
  readonly at: Place
}

/** What the `.gitignore` of the checkout names to which a text belongs, as far as it is a plain path. */
function ignoredBeside({ machines }: Deployment, { path }: Source): readonly IgnoredPath[] {
  const home = posix.dirname(path.replace(/(?:^|\/)\.(?:github|gitlab|circleci)\/.*/, '/x'))
  const places = [home, posix.dirname(home)]
  for (const { files, loose, beside } of machines) {
    for (const each of [files, loose?.files, beside?.files]) {
      for (const place of each === undefined ? [] : places) {
        const list = sourceAt(each!, posix.resolve('/', place, '.gitignore'))
        if (list !== null) return ignoredIn(list)
      }
    }
  }
  return []
}

function ignoredIn(source: Source): readonly IgnoredPath[] {
  return [
    ...source.text.matchAll(/^\/?((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)\/?(?:\*{1,2})?(?=[ \t]*\r?$)/gm),
  ].map(({ 0: line, 1: path = '', index }) => ({
    path,
    at: { source, start: index, end: index + line.length },
  }))
}

/** Whether a pattern of rsync may keep a path, or a directory above it. */
function covers(pattern: string, path: string): boolean {
  const last = posix.basename(pattern.replace(/\/?\*{0,3}$/, ''))
  if (last === '' || /[?[]/.test(last)) return true
  const name = new RegExp(`^${last.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*+/g, '.*')}$`)
  return path.split('/').some(part => name.test(part))
}

/** True for a text that makes a link by the name of the directory. */
function links(text: string, path: string): boolean {
  return text
    .split('\n')
    .some(line => /\bln\s+-\w*s|state:\s*link/.test(line) && line.includes(posix.basename(path)))
}
