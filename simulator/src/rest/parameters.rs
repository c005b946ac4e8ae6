//! Query parameters and lists in them.

/// The decoded parameters of a query string, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn read(query: Option<&str>) -> Self {
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Comma lists, and repeated parameters.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        let values = self.0.iter().filter(|(own, _)| own == name);
        let parts = values.flat_map(|(_, value)| value.split(','));
        let parts: Vec<_> = parts.map(|part| part.trim().to_owned()).collect();
        (!parts.is_empty()).then(|| {
            parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
        })
    }
}

/// Percent signs and plus signs resolved. What is not UTF-8 is replaced.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: String = rest.clone().take(2).map(char::from).collect();
                match u8::from_str_radix(&digits, 16) {
                    Ok(value) if digits.len() == 2 && !digits.starts_with('+') => {
                        bytes.push(value);
                        rest.nth(1);
                    }
                    _ => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_decoded() {
        let parameters =
            Parameters::read(Some("jql=project+%3D%20%22A%2BB%22&fields=a,b&fields=c&x"));
        assert_eq!(parameters.get("jql"), Some("project = \"A+B\""));
        assert_eq!(
            parameters.list("fields"),
            Some(vec!["a".into(), "b".into(), "c".into()])
        );
        assert_eq!(parameters.get("x"), Some(""));
        assert_eq!(parameters.list("y"), None);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%+f%4"), "%zz% f%4");
    }
}
