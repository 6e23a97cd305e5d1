import { once } from '../../parsers/collections/once.ts'
import { isNamedFilledIn } from '../../parsers/text/mask-template.ts'
import type { FilledWords } from '../../parsers/text/template/filled-words.ts'
import type { KnownValue, Source } from '../../parsers/text/source.ts'
import { environmentValues } from './environment-values.ts'
import { playbookValues } from './playbook-values.ts'

/**
 * What a placeholder of a file stands for, by how it is written; null where nothing tells.
 *
 * `words` is what commands are seen to fill in, in that file.
 */
export type ValueOf = (path: string, placeholder: string, words: FilledWords | null) => KnownValue | null

/**
 * What a repository itself says of what its templates fill in: the environment of the containers that have them, and
 * the variables of the playbooks. Only a word is told, that ends no directive, and nothing that may be a secret.
 *
 * @param paths those of the repository
 * @param read gives one source for each file; null where it cannot be read
 */
export function knownValues(paths: readonly string[], read: (path: string) => Source | null): ValueOf {
  const environment = once(() => environmentValues(paths, read))
  const playbooks = once(() => playbookValues(paths, read))
  return (path, placeholder, words) => {
    // What nothing fills in, nginx itself would have to know.
    const isFilledIn = words !== null || isNamedFilledIn(path)
    const inEnvironment = isFilledIn ? ENVIRONMENT.exec(placeholder)?.slice(1).find(Boolean) : undefined
    const inPlaybook = JINJA.test(path) ? PLAYBOOK.exec(placeholder)?.[1] : undefined
    const name = inEnvironment ?? inPlaybook
    if (name === undefined || SECRET.test(name)) return null
    const value = inEnvironment === undefined ? playbooks()(path, name) : environment()(path, name)
    return value !== null && WORD.test(value.text) ? value : null
  }
}

/** A template, and a text that stands in a playbook. */
const JINJA = /\.(?:j2|ya?ml)$/
/** `${PORT}` and `$PORT` of `envsubst`, `{{ .Env.PORT }}` of dockerize. */
const ENVIRONMENT = /^\$\{([A-Z]\w*)\}$|^\$([A-Z]\w*)$|^\{\{-?\s*\.Env\.(\w+)\s*-?\}\}$/
/** `{{ app_port }}`, `{{ app.port | int }}`, `{{ app_port | default(8000) }}`. */
const PLAYBOOK =
  /^\{\{[-+]?\s*([A-Za-z_]\w*(?:\.\w+)*)\s*(?:\|\s*(?:int|string|trim|default\([^(){}|]*\)|d\([^(){}|]*\))\s*)*[-+]?\}\}$/
const SECRET = /pass|pwd|secret|token|key|cred|salt|auth/i
const WORD = /^[\w./:@%+~,=*-]+$/
