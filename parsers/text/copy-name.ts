/** What an editor, a package manager or a person puts behind the name of a file that is not live. */
const COPY =
  /(?:~|[._-](?:bak|backup|bck|bkp|bkup|old|orig|original|ori|disabled?|deactivated|\d{6,14}|\d{4}-\d\d-\d\d)\d*(?:[._-]\d+)*|\.(?:back|rej|save|saved|sav|swp|swo|tmp|off|unused|inactive|copy|prev|previous|broken|wrong|dpkg-\w+|ucf-\w+|rpmnew|rpmsave|rpmorig|pacnew|pacsave|apk-new|augsave|augnew|lxbak)|\.conf\.(?:\d+|no|before|good|safe|working)|^_.+\.conf_|^\.#.*|^#.*#|[ -]copy(?: \d+)?|\(\d+\))$/i

/** True for the name of a copy, or of a file that was put aside. */
export function isCopyName(name: string): boolean {
  return COPY.test(name)
}
