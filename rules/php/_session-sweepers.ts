import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Source } from '../../parsers/text/source.ts'
import { fpmIniSources, modPhpIniSources } from '../../src/deployment/build/programs/php-fpm.ts'
import { crontabsOf } from '../../src/deployment/crontabs.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { memo } from '../../parsers/collections/memo.ts'

/** Where scripts and units that remove files lie. */
const DIRECTORIES = [
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/systemd/system',
  '/etc/tmpfiles.d',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/lib/php',
]

/** Texts of a machine that may remove files of sessions. */
const texts = memo((files: FileSystem): readonly Source[] => [
  ...[...crontabsOf(files)].map(({ source }) => source),
  ...DIRECTORIES.flatMap(directory =>
    [...filesBelow(files, directory, { levels: 1, skipped: /^\./ })].flatMap(
      path => sourceAt(files, path) ?? [],
    ),
  ),
])

/** True where something on the machine may remove old sessions of a directory. */
export function mayBeSwept(files: FileSystem, directory: string): boolean {
  const around = posix.dirname(directory)
  return (
    ['/var/lib/php/sessions', '/var/lib/php5', '/tmp', ...iniPaths(files)].some(swept =>
      isBelow(directory, swept),
    ) ||
    texts(files).some(({ path, text }) =>
      path.includes('/tmpfiles.d/') ? hasAge(text, directory) : sweeps(text, directory, around),
    )
  )
}

function sweeps(text: string, directory: string, around: string): boolean {
  return (
    /sess_|session_gc|pool\.d/.test(text) ||
    text.includes(directory) ||
    (around !== '/' && /\b(?:find|rm|tmpreaper|tmpwatch)\b/.test(text) && text.includes(around))
  )
}

/** `d /var/lib/shop/sessions 0700 www-data www-data 2d`: systemd removes what is older. */
function hasAge(text: string, directory: string): boolean {
  return text.split('\n').some(line => {
    const [kind = '', path = '', , , , age = '-'] = line.trim().split(/\s+/)
    return /^[dDevqQC]/.test(kind) && /[*?%[]|^$/.test(path)
      ? age !== '-'
      : isBelow(directory, path) && path !== '' && age !== '-'
  })
}

/** What `/usr/lib/php/sessionclean` sweeps: the `session.save_path` of each `php.ini`. */
const iniPaths = memo((files: FileSystem): readonly string[] =>
  [...fpmIniSources(files), ...modPhpIniSources(files), ...otherIniSources(files)].flatMap(source =>
    readPhpIniLines(source).flatMap(line =>
      line.kind === 'setting' && line.name === 'session.save_path' ? sessionDirectory(line.value.text) : [],
    ),
  ),
)

function otherIniSources(files: FileSystem): readonly Source[] {
  return (files.list('/etc/php') ?? []).flatMap(({ name }) =>
    ['cli', 'cgi'].flatMap(sapi => sourceAt(files, `/etc/php/${name}/${sapi}/php.ini`) ?? []),
  )
}

/** The directory of `5;0600;/var/lib/shop/sessions`; none where it is another kind of place. */
export function sessionDirectory(value: string): readonly string[] {
  const path = (value.split(';').at(-1) ?? '').replace(/(?<=.)\/+$/, '')
  return /^\/[\w./@+-]*$/.test(path) ? [path] : []
}
