//! A validator for the part of OpenAPI 3.0 that Atlassian's documents use. It does not check
//! formats: Jira's dates are no RFC 3339, whatever the documents say.

use serde_json::Value;

/// A document, and what is known to be wrong with it.
pub(crate) struct Document {
    root: Value,
}

impl Document {
    pub(crate) fn read(path: &std::path::Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self {
            root: serde_json::from_str(&text).unwrap(),
        }
    }

    pub(crate) fn root_mut(&mut self) -> &mut Value {
        &mut self.root
    }

    /// The schema of the answer to an operation. `None`: the document has none for this status.
    pub(crate) fn answer(&self, path: &str, method: &str, status: u16) -> Option<&Value> {
        let operation = &self.root["paths"][path][method];
        assert!(operation.is_object(), "the document has no {method} {path}");
        let answer = &operation["responses"][status.to_string()];
        let schema = &answer["content"]["application/json"]["schema"];
        schema.is_object().then_some(schema)
    }

    /// The schema of the body of an operation.
    pub(crate) fn request(&self, path: &str, method: &str) -> &Value {
        let body = &self.root["paths"][path][method]["requestBody"];
        &body["content"]["application/json"]["schema"]
    }

    /// Everything in `value` that the schema does not allow, each with its place.
    pub(crate) fn violations(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(schema, value, "$", &mut found);
        found
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let schema = self.root.pointer(pointer);
            let schema = schema.unwrap_or_else(|| panic!("{reference} is not in the document"));
            return self.check(schema, value, place, found);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check(part, value, place, found);
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            found.push(format!("{place}: {value} is none of {values:?}"));
        }
        let fits = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => true,
        };
        if !fits {
            found.push(format!("{place}: {value} is no {}", schema["type"]));
            return;
        }
        if let Some(items) = value.as_array() {
            for (at, item) in items.iter().enumerate() {
                self.check(&schema["items"], item, &format!("{place}[{at}]"), found);
            }
        }
        self.members(schema, value, place, found);
    }

    fn members(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
        let Some(members) = value.as_object() else {
            return;
        };
        for required in schema["required"].as_array().into_iter().flatten() {
            let name = required.as_str().unwrap_or_default();
            if !members.contains_key(name) {
                found.push(format!("{place}: {name} is missing"));
            }
        }
        for (name, member) in members {
            let place = format!("{place}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (known, _) if known.is_object() => self.check(known, member, &place, found),
                (_, Value::Bool(false)) => found.push(format!("{place}: is not allowed")),
                (_, others) if others.is_object() => self.check(others, member, &place, found),
                _ => {}
            }
        }
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let document = Document {
        root: serde_json::json!({ "components": { "schemas": { "Name": {
            "type": "object",
            "additionalProperties": false,
            "required": ["first"],
            "properties": { "first": { "type": "string" }, "tags": {
                "type": "array", "items": { "type": "string", "enum": ["a", "b"] } } },
        } } } }),
    };
    let schema = serde_json::json!({ "allOf": [{ "$ref": "#/components/schemas/Name" }] });
    let check = |value: Value| document.violations(&schema, &value).join("; ");
    assert_eq!(
        check(serde_json::json!({ "first": "x", "tags": ["a"] })),
        ""
    );
    assert_eq!(check(serde_json::json!([])), "$: [] is no \"object\"");
    assert_eq!(
        check(serde_json::json!({ "first": 1 })),
        "$.first: 1 is no \"string\""
    );
    assert_eq!(
        check(serde_json::json!({ "tags": ["c"], "last": "y" })),
        "$: first is missing; $.last: is not allowed; \
         $.tags[0]: \"c\" is none of [String(\"a\"), String(\"b\")]"
    );
}
