import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { readUnit } from '../../parsers/systemd/read-unit.ts'
import { readServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { logrotateFiles } from './_logrotate-files.ts'

const tree = (
  lines: string,
  { block = '', main = 'weekly\ncreate\ninclude /etc/logrotate.d\n', others = {} } = {},
): Record<string, string> =>
  behindNginx(
    serviceUnit('/usr/bin/gunicorn --access-logfile /var/log/shop/access.log shop.wsgi:application', lines),
    {
      'etc/logrotate.conf': main,
      'etc/logrotate.d/shop': conf`
        «/var/log/shop/*.log» {
            daily
            copytruncate
            ${block}
        }
      `,
      ...others,
    },
  )
const OPEN = conf`
  Group=shop
  LogsDirectory=shop
  LogsDirectoryMode=0775
`
const tmpfiles = (line: string): Record<string, string> =>
  tree('', { others: { 'etc/tmpfiles.d/shop.conf': `${line}\n` } })

export default defineRule({
  summary: 'logrotate refuses logs whose directory a group may write to',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'As root, logrotate leaves out what lies in a directory to which everybody may write, or a group other than that of root: “skipping "…" because parent directory has insecure permissions (It’s world writable or writable by group which is not "root") Set "su" directive in config file to tell logrotate which user/group should be used for rotation.” The logs grow until the disk is full.',
  remedy: 'Write `su USER GROUP` in the section, or take the right to write from the group',
  references: [
    'https://manpages.debian.org/stable/logrotate/logrotate.8.en.html',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectoryMode=',
  ],
  unproven: 'The live tests rotate no logs',
  bad: [
    { title: 'the mode of the unit', files: tree(OPEN) },
    {
      title: 'the group of the user',
      files: tree('LogsDirectory=shop\nLogsDirectoryMode=2770'),
    },
    { title: 'a line of tmpfiles.d', files: tmpfiles('d /var/log/shop 0775 shop www-data -') },
    { title: 'a directory of everybody', files: tmpfiles('d /var/log/shop 0777 root root -') },
  ],
  good: [
    { title: 'su', files: tree(OPEN, { block: 'su shop shop' }) },
    {
      title: 'su for all, as Ubuntu has it',
      files: tree(OPEN, { main: 'weekly\nsu root adm\ncreate\ninclude /etc/logrotate.d\n' }),
    },
    { title: 'the mode that systemd gives', files: tree('Group=shop\nLogsDirectory=shop') },
    { title: 'the group of root', files: tree(OPEN.replace('Group=shop', 'Group=root')) },
    { title: 'a group that may only read', files: tmpfiles('d /var/log/shop 2750 shop www-data -') },
    { title: 'another directory', files: tmpfiles('d /var/log/shop/archive 0775 shop www-data -') },
    {
      title: 'two that differ',
      files: tree(OPEN, { others: { 'etc/tmpfiles.d/shop.conf': 'd /var/log/shop 0755 shop shop -\n' } }),
    },
    {
      title: 'a logrotate of which the main file is not here',
      files: Object.fromEntries(Object.entries(tree(OPEN)).filter(([path]) => path !== 'etc/logrotate.conf')),
    },
  ],
  *check({ machines }) {
    for (const { files } of machines) {
      // Ubuntu has a `su` there.
      if (sourceAt(files, '/etc/logrotate.conf') === null) continue
      for (const { file, globals } of logrotateFiles(files))
        for (const { patterns, lines } of file.blocks) {
          if ([...globals, ...file.globals, ...lines].some(({ name }) => name.text === 'su')) continue
          for (const { text, at } of patterns) {
            const made = madeDirectories(files).get(posix.dirname(text)) ?? []
            const open = made.find(isInsecure)
            if (open === undefined || !made.every(isInsecure)) continue
            const { mode, group, user } = open
            const writers = (mode & 0o002) === 0 ? `the group \`${group}\`` : 'everybody'
            yield {
              at,
              message: `logrotate skips these logs, for ${writers} may write to \`${posix.dirname(text)}\`: parent directory has insecure permissions`,
              label: 'no `su`',
              related: [{ at: open.at, message: 'the mode of the directory' }],
              help: `Write \`su ${user} ${group}\` in the section`,
            }
          }
        }
    }
  },
})

interface MadeDirectory {
  readonly path: string
  readonly mode: number
  readonly user: string
  readonly group: string
  readonly at: Place
}

function isInsecure({ mode, group }: MadeDirectory): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !/^(?:root|0)$/.test(group))
}

/** The directories of logs that units and `tmpfiles.d` make, by their paths. */
const madeDirectories = memo((files: FileSystem): ReadonlyMap<string, readonly MadeDirectory[]> => {
  const found = new Map<string, MadeDirectory[]>()
  for (const made of [...byUnits(files), ...byTmpfiles(files)])
    found.set(made.path, [...(found.get(made.path) ?? []), made])
  return found
})

/** A name, without a specifier of systemd. */
const NAME = /^[\w.-]+$/

function byUnits(files: FileSystem): readonly MadeDirectory[] {
  const reader = {
    read: (path: string) => sourceAt(files, path),
    list: (path: string) => files.list(path)?.map(({ name }) => name) ?? null,
  }
  const names = (files.list('/etc/systemd/system') ?? []).flatMap(({ name }) =>
    /^[\w.-]+\.service$/.test(name) ? [name] : [],
  )
  return names.flatMap(name => {
    const { unit, user, group, dynamicUser } = readServiceUnit(readUnit(reader, name))
    const last = (wanted: string) => unit.settings.findLast(setting => setting.name === wanted)
    const directories = unit.settings.filter(setting => setting.name === 'LogsDirectory')
    const mode = last('LogsDirectoryMode')
    if (directories.length === 0 || dynamicUser !== null || user?.known === false || group?.known === false)
      return []
    const owner = user?.value ?? 'root'
    // The group of an account is called as it is, wherever nobody says otherwise.
    const own = group?.value ?? owner
    if (!NAME.test(owner) || !NAME.test(own) || !/^[0-7]{3,4}$/.test(mode?.value ?? '755')) return []
    return directories.flatMap(({ value, written }) =>
      value.split(/\s+/).flatMap(word => {
        const [directory = ''] = word.split(':')
        return /^[\w./-]+$/.test(directory)
          ? [
              {
                path: cleanPath(`/var/log/${directory}`),
                mode: Number.parseInt(mode?.value ?? '755', 8),
                user: owner,
                group: own,
                at: placeOf(mode?.written ?? written),
              },
            ]
          : []
      }),
    )
  })
}

/** `d /var/log/shop 0775 shop www-data -`. */
const LINE =
  /^[ \t]*[dDqQvze][-+!=~^$]*[ \t]+(\/[\w./@+-]+)[ \t]+[~:]*([0-7]{3,4})[ \t]+(\S+)[ \t]+([\w.-]+)/gm

function byTmpfiles(files: FileSystem): readonly MadeDirectory[] {
  return (files.list('/etc/tmpfiles.d') ?? []).flatMap(({ name }) => {
    const source = name.endsWith('.conf') ? sourceAt(files, `/etc/tmpfiles.d/${name}`) : null
    return source === null || source.template
      ? []
      : [...source.code.matchAll(LINE)].map(
          ({ 0: line, 1: path = '', 2: mode = '', 3: user = '', 4: group = '', index }) => {
            const start = index + line.indexOf(mode, line.indexOf(path) + path.length)
            return {
              path: cleanPath(path),
              mode: Number.parseInt(mode, 8),
              user: NAME.test(user) ? user : 'root',
              group,
              at: { source, start, end: start + mode.length },
            }
          },
        )
  })
}
