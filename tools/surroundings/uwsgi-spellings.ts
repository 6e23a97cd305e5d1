import { baseName, type Files, type Lay } from './files.ts'

interface Setting {
  readonly key: string
  readonly value: string
}

/** Each INI of uWSGI that has one section. */
function ofSettings(change: (settings: readonly Setting[], path: string, files: Files) => Files | null): Lay {
  return files => {
    let laid: Files = files
    for (const [path, text] of Object.entries(files)) {
      if (!/^\[uwsgi\]\s*$/m.test(text) || !path.endsWith('.ini') || (text.match(/^\[/gm) ?? []).length > 1)
        continue
      const settings = settingsOf(text)
      const changed = settings === null ? null : change(settings, path, laid)
      if (changed !== null && changed[path] !== text) laid = changed
    }
    return laid === files ? null : laid
  }
}

/** Null where a line is more than a key and its value. */
function settingsOf(text: string): readonly Setting[] | null {
  const lines = text.split('\n').filter(line => line.trim() !== '' && !/^\s*[[;#]/.test(line))
  const found = lines.map(line => /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line))
  if (found.includes(null) || /\\$|\{\{|%\(|\$\(|@\(/m.test(text)) return null
  return found.map(match => ({ key: match?.[1] ?? '', value: match?.[2] ?? '' }))
}

function written(settings: readonly Setting[]): string {
  return `[uwsgi]\n${settings.map(({ key, value }) => `${key} = ${value}\n`).join('')}`
}

function renamedKeys(names: Readonly<Record<string, string>>): Lay {
  return ofSettings((settings, path, files) => ({
    ...files,
    [path]: written(settings.map(({ key, value }) => ({ key: names[key] ?? key, value }))),
  }))
}

const uwsgiDense = ofSettings((settings, path, files) => ({
  ...files,
  [path]: `[uwsgi]\n${settings.map(({ key, value }) => `${key}=${value}\n`).join('')}`,
}))

const uwsgiCommented = ofSettings((settings, path, files) => ({
  ...files,
  [path]: `# The application\n\n${written(settings).replace(/^(?=\w)/gm, '; why\n')}`,
}))

const uwsgiReversed = ofSettings((settings, path, files) =>
  settings.some(({ key }) => /chdir|plugin|if-|for|set|end/.test(key))
    ? null
    : { ...files, [path]: written([...settings].reverse()) },
)

/** A directory by a name of the file's own. */
const uwsgiPlaceholder = ofSettings((settings, path, files) => {
  const chdir = settings.find(({ key }) => key === 'chdir')?.value
  if (chdir === undefined || !chdir.startsWith('/')) return null
  const changed = settings.map(({ key, value }) => ({ key, value: value.replaceAll(chdir, '%(base)') }))
  return { ...files, [path]: written([{ key: 'base', value: chdir }, ...changed]) }
})

/** Another format, under a name of its own that whoever starts it has. */
function inFormat(ending: string, option: string, format: (settings: readonly Setting[]) => string): Lay {
  return ofSettings((settings, path, files) => {
    const { [path]: _, ...rest } = files
    const own = path.replace(/\.ini$/, ending)
    const name = baseName(path).replaceAll('.', '\\.')
    const others = Object.entries(rest).map(([each, text]) => [
      each,
      text
        .replace(new RegExp(`--ini[ =](?=\\S*${name})`, 'g'), `${option} `)
        .replace(new RegExp(`(?<=[\\s/"':])${name}\\b`, 'g'), baseName(own)),
    ])
    return { ...Object.fromEntries(others), [own]: format(settings) }
  })
}

const uwsgiYaml = inFormat('.yml', '--yaml', settings => {
  const lines = settings.map(
    ({ key, value }) => `  ${key}: ${/^[\w./-]+$/.test(value) ? value : JSON.stringify(value)}\n`,
  )
  return `uwsgi:\n${lines.join('')}`
})

const uwsgiXml = inFormat('.xml', '--xml', settings => {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const lines = settings.map(({ key, value }) =>
    value === 'true' ? `  <${key}/>\n` : `  <${key}>${escaped(value)}</${key}>\n`,
  )
  return `<uwsgi>\n${lines.join('')}</uwsgi>\n`
})

/** All of the file on the command line of the unit that names it. */
const uwsgiOnLine = ofSettings((settings, path, files) => {
  if (settings.some(({ value }) => /[\s"'$%\\]/.test(value))) return null
  const named = new RegExp(
    `^(ExecStart=\\S*uwsgi) (?:--ini[ =])?\\S*${baseName(path).replaceAll('.', '\\.')}$`,
    'm',
  )
  const unit = Object.keys(files).find(each => each.endsWith('.service') && named.test(files[each] ?? ''))
  if (unit === undefined) return null
  const words = settings.map(({ key, value }) => (value === 'true' ? `--${key}` : `--${key} ${value}`))
  const { [path]: _, ...rest } = files
  return { ...rest, [unit]: (files[unit] ?? '').replace(named, `$1 ${words.join(' ')}`) }
})

export const uwsgiSpellings: Readonly<Record<string, Lay>> = {
  uwsgiDense,
  uwsgiCommented,
  uwsgiReversed,
  uwsgiPlaceholder,
  uwsgiOtherNames: renamedKeys({
    processes: 'workers',
    workers: 'processes',
    module: 'wsgi',
    virtualenv: 'home',
    home: 'virtualenv',
    socket: 'uwsgi-socket',
    pythonpath: 'python-path',
    'wsgi-file': 'file',
    'http-socket': 'http-socket',
    uid: 'uid',
  }),
  uwsgiYaml,
  uwsgiXml,
  uwsgiOnLine,
}
