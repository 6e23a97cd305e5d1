import { baseName, type Files, type Lay } from './files.ts'

const UNIT = /\.service$/

function ofUnits(change: (text: string, path: string, files: Files) => string | Files | null): Lay {
  return files => {
    let laid: Record<string, string> = { ...files }
    let isChanged = false
    for (const [path, text] of Object.entries(files)) {
      if (!UNIT.test(path) || /\{\{|<%/.test(text)) continue
      const changed = change(text, path, files)
      if (changed === null || changed === text) continue
      isChanged = true
      laid = { ...laid, ...(typeof changed === 'string' ? { [path]: changed } : changed) }
    }
    return isChanged ? laid : null
  }
}

const START = /^ExecStart=(?![-@:+!|])(\S+)([^\n]*)$/m

/** Only where one line starts one program. */
function startOf(text: string): { readonly program: string; readonly rest: string } | null {
  if ((text.match(/^ExecStart=/gm) ?? []).length !== 1) return null
  const [, program, rest = ''] = START.exec(text) ?? []
  return program === undefined || rest.endsWith('\\') ? null : { program, rest }
}

const unitLines = ofUnits(text => {
  const start = startOf(text)
  if (start === null || /["']/.test(start.rest) || !/ \S+ /.test(start.rest)) return null
  return text.replace(
    START,
    `ExecStart=${start.program} \\\n    ${start.rest.trim().replace(/ (?=-)/g, ' \\\n    ')}`,
  )
})

const unitSpaced = ofUnits(text => text.replace(/^([A-Z]\w+)=(?=\S)/gm, '$1 = '))

const unitOrder = ofUnits(text => {
  const sections = text.split(/^(?=\[)/m)
  return sections.length < 2 || sections[0]?.startsWith('[') === false
    ? null
    : [...sections].reverse().map(ended).join('')
})

function ended(section: string): string {
  return section.endsWith('\n') ? section : `${section}\n`
}

const unitCommented = ofUnits(text =>
  text.replace(/^(?=(?:ExecStart|User|Environment|WorkingDirectory)\w*=)/gm, '# What it is.\n; And why.\n'),
)

/** An unquoted assignment alone. */
const PLAIN = /^Environment=(?!["'])(\w+)=([^\s"'\\%$]*)$/gm

const environmentQuoted = ofUnits(text => text.replace(PLAIN, 'Environment="$1=$2"'))
const environmentSingle = ofUnits(text => text.replace(PLAIN, "Environment='$1=$2'"))
const environmentJoined = ofUnits(text => {
  const found = [...text.matchAll(PLAIN)]
  if (found.length === 0) return null
  const all = [...found.map(([, name, value]) => `${name}=${value}`), '"SHOP_TITLE=a shop"'].join(' ')
  let isFirst = true
  return text.replace(PLAIN, () => {
    const line = isFirst ? `Environment=${all}` : ''
    isFirst = false
    return line
  })
})

const environmentFile = ofUnits((text, path, files) => {
  const found = [...text.matchAll(PLAIN)]
  const name = baseName(path).replace(UNIT, '')
  const file = `etc/default/${name}`
  if (found.length === 0 || !path.startsWith('etc/') || files[file] !== undefined) return null
  const lines = found.map(([, variable, value]) => `${variable}=${value}\n`).join('')
  let isFirst = true
  const changed = text.replace(PLAIN, () => {
    const line = isFirst ? `EnvironmentFile=-/${file}` : ''
    isFirst = false
    return line
  })
  return { [path]: changed, [file]: lines }
})

/** What somebody added by `systemctl edit`. */
const dropIn = ofUnits((text, path) => {
  if (!path.startsWith('etc/systemd/system/') || /^\[Service\]/m.exec(text) === null) return null
  const moved = [
    ...text.matchAll(/^(?:User|Group|Environment|EnvironmentFile|UMask|PrivateTmp|Restart)=.*\n/gm),
  ]
  if (moved.length === 0 || text.includes('\\\n')) return null
  return {
    [path]: text.replace(/^(?:User|Group|Environment|EnvironmentFile|UMask|PrivateTmp|Restart)=.*\n/gm, ''),
    [`${path}.d/override.conf`]: `[Service]\n${moved.map(([line]) => line).join('')}`,
  }
})

/** Another command than that of the unit below it. */
const dropInStart = ofUnits((text, path) => {
  const start = startOf(text)
  if (start === null || !path.startsWith('etc/systemd/system/')) return null
  return {
    [path]: text.replace(START, 'ExecStart=/usr/bin/sleep infinity'),
    [`${path}.d/override.conf`]: `[Service]\nExecStart=\nExecStart=${start.program}${start.rest}\n`,
  }
})

const unitShell = ofUnits(shelled(command => `/bin/sh -c '${command}'`))
const unitBash = ofUnits(shelled(command => `/bin/bash -c 'exec ${command}'`))
const unitEnv = ofUnits(shelled(command => `/usr/bin/env ${command}`))

const SERVER = /\/(?:gunicorn|uvicorn|hypercorn|daphne|celery|uwsgi|node|python3?|flask|waitress-serve|npm)$/

function shelled(change: (command: string) => string): (text: string) => string | null {
  return text => {
    const start = startOf(text)
    // What systemd replaces, a shell would replace as well.
    if (start === null || !SERVER.test(start.program) || /["'\\$%*?;&|<>()#]/.test(start.rest)) return null
    return text.replace(START, `ExecStart=${change(start.program + start.rest)}`)
  }
}

/** The script changes to the directory itself. */
const unitScript = ofUnits((text, path, files) => {
  const start = startOf(text)
  if (start === null || !SERVER.test(start.program) || /["'\\$%*?;&|<>()#]/.test(start.rest)) return null
  const directory = /^WorkingDirectory=(\/\S+)$/m.exec(text)?.[1]
  const script = `usr/local/bin/start-${baseName(path).replace(UNIT, '')}.sh`
  if (!path.startsWith('etc/') || directory === undefined || files[script] !== undefined) return null
  return {
    [path]: text.replace(/^WorkingDirectory=.*\n/m, '').replace(START, `ExecStart=/${script}`),
    [script]: `#!/bin/bash\nset -e\n\ncd ${directory}\nexec ${start.program}${start.rest}\n`,
  }
})

/** A virtual environment that a script activates. */
const unitActivated = ofUnits((text, path, files) => {
  const start = startOf(text)
  const [, environment, program] = /^(\/\S+)\/bin\/([\w-]+)$/.exec(start?.program ?? '') ?? []
  if (start === null || environment === undefined || !SERVER.test(start.program)) return null
  if (/^\/(?:usr|usr\/local)$/.test(environment) || /["'\\$%*?;&|<>()#]/.test(start.rest)) return null
  const script = `usr/local/bin/start-${baseName(path).replace(UNIT, '')}.sh`
  if (!path.startsWith('etc/') || files[script] !== undefined) return null
  return {
    [path]: text.replace(START, `ExecStart=/bin/bash /${script}`),
    [script]: `#!/bin/bash\nsource ${environment}/bin/activate\n${program}${start.rest}\n`,
  }
})

/** Programs of supervisord, in the forms that these have. */
function ofSupervisor(change: (text: string) => string | null): Lay {
  return files => {
    let isChanged = false
    const laid = Object.entries(files).map(([path, text]) => {
      const changed = /^\[program:/m.test(text) && /\.(?:conf|ini)$/.test(path) ? change(text) : null
      isChanged ||= changed !== null && changed !== text
      return [path, changed ?? text] as const
    })
    return isChanged ? Object.fromEntries(laid) : null
  }
}

const supervisorSpaced = ofSupervisor(text => text.replace(/^([a-z_]+)=(?=\S)/gm, '$1 = '))
const supervisorColon = ofSupervisor(text =>
  text.replace(/^(command|directory|user|autostart)=(?=\S)/gm, '$1: '),
)
const supervisorLines = ofSupervisor(text => {
  const changed = text.replace(
    /^(command=\S+) ([^\n"']+)$/gm,
    (_, program: string, rest: string) => `${program}\n  ${rest.replace(/ (?=-)/g, '\n  ')}`,
  )
  return changed
})
const supervisorCommented = ofSupervisor(text =>
  text.replace(/^(command|directory|user|autostart|environment)=([^;\n]+)$/gm, '; why\n$1=$2 ; and what'),
)
const supervisorShell = ofSupervisor(text =>
  text.replace(
    /^command=([\w./-]*(?:gunicorn|uvicorn|celery|daphne|node|npm|uwsgi|python3?)\b[^"'%$\n\\]*)$/gm,
    "command=/bin/sh -c 'exec $1'",
  ),
)
const supervisorBash = ofSupervisor(text =>
  text.replace(
    /^command=([\w./-]*(?:gunicorn|uvicorn|celery|daphne|node|npm|uwsgi|python3?)\b[^"'%$\n\\]*)\ndirectory=(\S+)$/gm,
    'command=bash -c "cd $2 && $1"',
  ),
)

/** A pool of PHP-FPM as others write it. */
function ofPools(change: (text: string, path: string) => string | Files | null): Lay {
  return files => {
    let laid: Files = files
    for (const [path, text] of Object.entries(files)) {
      if (!/^[ \t]*\[[\w.$-]+\]/m.test(text) || !/^[ \t]*pm[ \t]*=/m.test(text)) continue
      const changed = change(text, path)
      if (changed === null || changed === text) continue
      const { [path]: _, ...rest } = laid
      laid = typeof changed === 'string' ? { ...laid, [path]: changed } : { ...rest, ...changed }
    }
    return laid === files ? null : laid
  }
}

const poolDense = ofPools(text => text.replace(/^([ \t]*[\w.[\]]+)[ \t]+=[ \t]+/gm, '$1='))
const poolQuoted = ofPools(text =>
  text.replace(
    /^([ \t]*(?:user|group|listen(?:\.\w+)?|(?:php|env)\w*\[[\w.]+\])[ \t]*=[ \t]*)([^\s"';]+)$/gm,
    '$1"$2"',
  ),
)
const poolCommented = ofPools(text =>
  text.replace(/^([ \t]*[\w.[\]]+[ \t]*=[^;\n"]*)$/gm, '; why\n$1 ; and what'),
)
const poolVariable = ofPools(text => {
  const name = /^[ \t]*\[([\w.-]+)\]/m.exec(text)?.[1]
  if (name === undefined || name === 'global' || (text.match(/^[ \t]*\[/gm) ?? []).length > 1) return null
  return text.replace(
    /^([ \t]*listen[ \t]*=[ \t]*)(\S*)$/gm,
    (_, head: string, address: string) => head + address.replace(name, '$$pool'),
  )
})

/** The pool in two files, as the image of PHP has it. */
const poolTwice = ofPools((text, path) => {
  const match = /^(etc\/php\/[\d.]+\/fpm\/pool\.d\/)([\w.-]+)\.conf$/.exec(path)
  const name = /^[ \t]*\[([\w.-]+)\]/m.exec(text)?.[1]
  if (match === null || name === undefined || (text.match(/^[ \t]*\[/gm) ?? []).length > 1) return null
  const more = [
    ...text.matchAll(
      /^[ \t]*(?:php_(?:admin_)?(?:value|flag)\[[^\]]+\]|env\[\w+\]|request_\w+|security\.\w+)[ \t]*=.*\n/gm,
    ),
  ]
  if (more.length === 0) return null
  const rest = more.reduce((left, [line]) => left.replace(line, ''), text)
  return {
    [path]: rest,
    [`${match[1]}zz-${match[2]}.conf`]: `[${name}]\n${more.map(([line]) => line).join('')}`,
  }
})

export const unitSpellings: Readonly<Record<string, Lay>> = {
  unitLines,
  unitSpaced,
  unitOrder,
  unitCommented,
  environmentQuoted,
  environmentSingle,
  environmentJoined,
  environmentFile,
  dropIn,
  dropInStart,
  unitShell,
  unitBash,
  unitEnv,
  unitScript,
  unitActivated,
  supervisorSpaced,
  supervisorColon,
  supervisorLines,
  supervisorCommented,
  supervisorShell,
  supervisorBash,
  poolDense,
  poolQuoted,
  poolCommented,
  poolVariable,
  poolTwice,
}
