/** `/` ends a name in an id of several, so in a name it is escaped: no two lists of names make one id. */
export function escaped(name: string): string {
  return name.replace(/[%/]/g, encodeURIComponent);
}

export function unescaped(name: string): string {
  return name.replace(/%(?:25|2F)/g, decodeURIComponent);
}
