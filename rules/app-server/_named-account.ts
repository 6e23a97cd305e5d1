import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'

/** An account that is not root’s. */
export interface NamedAccount {
  /** As it is written. */
  readonly value: string
  readonly at: Place | null
  /** False where a placeholder stands for it, whose name alone says whose account it is. */
  readonly isWritten: boolean
}

/** One placeholder: `__APP__`, `{{ www_user }}`, `<%= @app_user %>`, `@WEB_USER@`. */
const PLACEHOLDER =
  /^(?:__(\w+?)__|\{\{-?\s*([\w.]+)\s*-?\}\}|<%=\s*@?([\w.]+)\s*-?%>|@(\w+)@|\$\{(\w+)\}|%(\w+)%)$/
/** Accounts of an application or of a web server, which no installer takes root for. */
const OF_SERVICE = /(?:^|[_.])(?:www|web|http|nginx|apache|app|site|gunicorn|uwsgi|django)(?:[_.]|data|$)/i

/** The account of `User=` or `user=` where it is surely not root; null where it may be. */
export function namedAccount(user: Fact<string> | null): NamedAccount | null {
  if (user === null) return null
  if (user.known)
    return /^(?:root|0|)$/.test(user.value) ? null : { value: user.value, at: user.at, isWritten: true }
  if (user.at === null) return null
  const value = placeText(user.at)
  const name = PLACEHOLDER.exec(value)?.slice(1).find(Boolean)
  return name !== undefined && OF_SERVICE.test(name) ? { value, at: user.at, isWritten: false } : null
}

/** The account of a service that runs nothing as root, before its program or besides it. */
export function accountOfService({
  user,
  dynamicUser,
  startPre,
  rootDirectory,
}: ServiceUnit): NamedAccount | null {
  return startPre.length === 0 && rootDirectory === null && dynamicUser === null ? namedAccount(user) : null
}
