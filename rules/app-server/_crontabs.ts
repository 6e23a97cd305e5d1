import { type CronJob, readCrontab } from '../../parsers/cron/read-crontab.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** The tables of the system, whose lines name an account. */
export function systemTables(files: FileSystem): readonly string[] {
  const names = (files.list('/etc/cron.d') ?? []).filter(({ kind }) => kind === 'file')
  return [
    ...(files.kind('/etc/crontab') === 'file' ? ['/etc/crontab'] : []),
    // cron passes over names with a dot, and what a package leaves.
    ...names.filter(({ name }) => /^[\w-]+$/.test(name)).map(({ name }) => `/etc/cron.d/${name}`),
  ]
}

/** What cron starts as root. */
export function jobsOfRoot(files: FileSystem): readonly CronJob[] {
  const jobs = (path: string, hasUser: boolean): readonly CronJob[] => {
    const source = sourceAt(files, path)
    return source === null || source.template ? [] : readCrontab(source, hasUser).jobs
  }
  return [
    ...systemTables(files)
      .flatMap(path => jobs(path, true))
      .filter(({ user }) => user?.text === 'root'),
    ...['/var/spool/cron/root', '/var/spool/cron/crontabs/root'].flatMap(path => jobs(path, false)),
  ]
}
