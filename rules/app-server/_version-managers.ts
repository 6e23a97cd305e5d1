import type { Place, Source } from '../../parsers/text/source.ts'

/** Programs that a manager of versions keeps below the home of a user, where a shell alone has them on its `PATH`. */
interface Managed {
  readonly programs: ReadonlySet<string>
  /** What people write who install with it; the name of the manager is its first group. */
  readonly installs: RegExp
  /** A package of the distribution, or a link, which systemd finds. */
  readonly besides: RegExp
}

const RUBY: Managed = {
  programs: new Set([
    'bundle',
    'ruby',
    'puma',
    'rails',
    'rake',
    'sidekiq',
    'unicorn',
    'thin',
    'rbenv',
    'rvm',
  ]),
  installs:
    /\b(?:(rbenv|rvm|asdf|mise)[ \t]+(?:install|use|global)[ \t]|(rbenv)\/(?:rbenv|ruby-build)|get\.(rvm)\.io|\w*(rbenv|rvm)_(?:ruby|rubies|command|root|path)\b)/,
  // The role `rvm1` of Ansible makes links in /usr/local/bin by itself.
  besides:
    /\brvm1\w*|\b(?:apt|apt-get|aptitude|yum|dnf|apk|pacman|zypper|pkg|brew)\b[^\n]*\s(?:ruby|ruby-full|ruby[\d.]+|bundler|ruby-bundler)(?:\s|$)|(?:name:|[-*])[ \t]*["']?(?:ruby|ruby-full|ruby[\d.]+|bundler|ruby-bundler)["']?[ \t]*$|\/usr\/(?:local\/)?bin\/(?:bundle|ruby|puma|rails|rake|sidekiq)\b/m,
}
const NODE: Managed = {
  programs: new Set(['node', 'npm', 'npx', 'yarn', 'pnpm']),
  installs:
    /\b(?:(nvm|fnm|volta|asdf|mise)[ \t]+(?:install|use|exec|default)[ \t]|(nvm)-sh\/nvm|(fnm)\.vercel\.app|\w*(nvm|fnm)_(?:command|dir|path)\b)/,
  besides:
    /\b(?:nodejs|nodesource|setup_(?:\d+|lts)\.x)\b|\/usr\/(?:local\/)?bin\/(?:node|npm|npx|yarn|pnpm)\b|\b(?:n|npm)[ \t]+(?:install|i)[ \t]+(?:-g|--global)[ \t]+(?:n|yarn|pnpm)\b/m,
}

const MANAGERS: ReadonlySet<string> = new Set(['rbenv', 'rvm', 'nvm', 'fnm', 'volta'])

/** A manager of a package, or one that a script puts where systemd looks. */
function isOfSystem(manager: string): RegExp {
  return new RegExp(
    String.raw`\b(?:apt|apt-get|yum|dnf|pacman|brew)\b[^\n]*\s${manager}\b|[-*][ \t]*${manager}[ \t]*$|/usr/(?:local/)?bin/${manager}\b`,
    'm',
  )
}

/**
 * The manager by which alone a program is installed, and where that is written; null where nobody knows.
 *
 * @param setups what is done to machines
 * @param told the same, and what tells people to do it
 */
export function onlyManager(
  program: string,
  setups: readonly Source[],
  told: readonly Source[],
): { readonly manager: string; readonly at: Place } | null {
  const isManager = MANAGERS.has(program)
  const managed = [RUBY, NODE].find(({ programs, installs }) =>
    isManager ? installs.source.includes(program) : programs.has(program),
  )
  const besides = isManager ? isOfSystem(program) : managed?.besides
  if (managed === undefined || told.some(({ text }) => besides?.test(text))) return null
  for (const source of setups) {
    const found = managed.installs.exec(source.text)
    const manager = found?.slice(1).find(Boolean)
    if (found === null || manager === undefined || (isManager && manager !== program)) continue
    return { manager, at: { source, start: found.index, end: found.index + found[0].trimEnd().length } }
  }
  return null
}
